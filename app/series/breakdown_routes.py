"""`GET /analytics/breakdown`: what a period is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.errors import BadRequestError, UnknownItemError
from app.http.answers import AnyRequest, kept
from app.http.cursor import page_of
from app.http.parameters import PageCursor
from app.http.problems import documented
from app.http.tables import TABLES, Answer, FormatParameter, format_of, next_link, table, varied
from app.runtime.moments import microseconds, moment_of
from app.runtime.sql import Connection
from app.series.counts import METRICS, UNIQUE
from app.series.cursor import CODEC, BreakdownCursor, print_of
from app.series.filters import Filters, condition_of, filters_of, together
from app.series.parameters import (
    Categories,
    Comparison,
    ContentIds,
    ContentTypes,
    Creators,
    From,
    MetadataValues,
    MetricList,
    To,
    Zone,
)
from app.series.parts import EVENT_TYPE, find_groups, number, part_of, viewers_of
from app.series.period import EARLIEST, Asked, asked_period, find_period
from app.series.queries import After, Group
from app.series.unique import check_filters
from app.series.wire import Breakdown, Metric
from app.services import Services

Order = Literal["views", "likes", "comments", "shares", "watchSeconds"]
PROPERTIES = ("item", "category", "contentType", "creator")
DIMENSION = "metadata."
NAMES = ("name", "count", "contentType", "contentId", "title", "category", "creator")
MAX_PARTS = 1_000


@get(
    "/analytics/breakdown",
    summary="What a period is made of",
    description="The counts of a period by item, category, content type, creator, event type, or a "
    "declared key of the events' metadata, the greatest first by one of the metrics; each with "
    "its share of the whole and, with `compare`, how it has changed. Filters as for totals. "
    "Catalogue entries count as they are now.",
    operation_id="breakdown",
    tags=["Stats"],
    responses={
        200: ResponseSpec(Breakdown, description="A page of it", generate_examples=False),
        304: ResponseSpec(None, description="Nothing has changed since that ETag"),
        **documented(UnknownItemError),
    },
    opt={TABLES: True},
)
async def breakdown(
    request: AnyRequest,
    services: NamedDependency[Services],
    by: Annotated[
        str | None,
        QueryParameter(
            name="by",
            min_length=1,
            max_length=80,
            description="`item`, `category`, `contentType`, `creator`, `eventType`, or `metadata.` "
            "and a declared key, such as `metadata.device`; one of them must be given.",
        ),
    ] = None,
    metric: Annotated[
        Order, QueryParameter(name="metric", description="What they are ordered by.")
    ] = "views",
    metrics: MetricList = None,
    since: From = None,
    until: To = None,
    zone: Zone = None,
    content_id: ContentIds = None,
    content_type: ContentTypes = None,
    category: Categories = None,
    creator: Creators = None,
    metadata: MetadataValues = None,
    compare: Comparison = None,
    limit: Annotated[
        int, QueryParameter(name="limit", ge=1, le=MAX_PARTS, description="How many to return.")
    ] = 20,
    cursor: PageCursor = None,
    format_: FormatParameter = None,
) -> Answer:
    """Return a page of the parts."""
    wanted = _Breakdown(
        by=_by(by),
        metric="count" if by == EVENT_TYPE else metric,
        filters=filters_of(content_id, content_type, category, creator, metadata),
        asked=asked_period(since, until, zone, compare),
        metrics=metrics or METRICS,
        printed=print_of(
            by,
            metric,
            metrics,
            since,
            until,
            zone,
            content_id,
            content_type,
            category,
            creator,
            metadata,
            compare,
        ),
        place=None if cursor is None else CODEC.decode(cursor),
        limit=limit,
    )
    answer = await _page(services, wanted, as_of=datetime.now(UTC))
    if (kind := format_of(request, format_)) != "json":
        link = next_link(request, answer.next_cursor)
        return table(request, kind, answer.parts, first=NAMES, headers=link)
    untimed = msgspec.structs.replace(answer, as_of=EARLIEST)
    return varied(kept(request, answer, max_age=0, told_by=untimed))


class _Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for."""

    by: str
    metric: str
    metrics: Sequence[Metric]
    filters: Filters
    asked: Asked
    printed: str
    place: BreakdownCursor | None
    limit: int

    def __post_init__(self) -> None:
        """Raise `BadRequestError` for parameters that do not go together."""
        key = self.filters.dimension
        if key is not None and self.by.startswith(DIMENSION) and self.by != f"{DIMENSION}{key}":
            raise together("metadata", self.by.removeprefix(DIMENSION), key)
        check_filters(self.metrics, self.filters)
        if UNIQUE in self.metrics and self.by not in PROPERTIES:
            raise BadRequestError(
                f"metrics: uniqueViewers are told by {', '.join(PROPERTIES)}, not by {self.by}"
            )
        if self.place is not None and self.place.print_ != self.printed:
            raise BadRequestError(
                "cursor: belongs to another breakdown; send it with the parameters it came from"
            )


async def _page(services: Services, wanted: _Breakdown, *, as_of: datetime) -> Breakdown:
    place = wanted.place
    begun = as_of if place is None else moment_of(place.as_of)

    async def read(connection: Connection) -> Breakdown:
        condition = await condition_of(connection, wanted.filters)
        period = await find_period(connection, wanted.asked, as_of=begun)
        found = await find_groups(
            connection,
            period=period,
            wanted=condition,
            by=wanted.by,
            metric=wanted.metric,
            after=None
            if place is None
            else After(value=place.value, item_id=place.item_id, subject=place.name),
            # One more than is shown tells whether there is a next page.
            most=wanted.limit + 1,
        )
        shown, next_cursor = page_of(
            found, wanted.limit, lambda last: _after(last, wanted.printed, begun)
        )
        viewers = await viewers_of(
            connection,
            shown,
            metrics=wanted.metrics,
            edges=period.edges,
            wanted=condition,
            by=wanted.by,
        )
        return Breakdown(
            by=wanted.by,
            metric=wanted.metric,
            from_=period.edges[0].astimezone(UTC),
            to=period.edges[1].astimezone(UTC),
            zone=period.zone,
            compare=wanted.asked.compare,
            as_of=as_of,
            total=number(found[0].total if found else 0, wanted.metric),
            parts=[
                part_of(group, wanted.by, wanted.metric, wanted.metrics, viewers=seen)
                for group, seen in zip(shown, viewers, strict=True)
            ],
            next_cursor=next_cursor,
        )

    return await services.read(read)


def _after(last: Group, printed: str, begun: datetime) -> str:
    return CODEC.encode(
        BreakdownCursor(
            print_=printed,
            as_of=microseconds(begun),
            value=last.value,
            item_id=last.item_id,
            name=last.subject,
        )
    )


def _by(by: str | None) -> str:
    if by is None:
        raise BadRequestError(
            f"by: is missing; {', '.join(PROPERTIES)}, {EVENT_TYPE}, {DIMENSION}KEY"
        )
    if by not in (*PROPERTIES, EVENT_TYPE) and not by.startswith(DIMENSION):
        raise BadRequestError(
            f"by: {by!r} is none of {', '.join(PROPERTIES)}, {EVENT_TYPE}, {DIMENSION}KEY"
        )
    return by


router = Router("/", route_handlers=[breakdown])
