"""`GET /analytics/series`: how it went over time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.errors import BadRequestError, UnknownItemError
from app.http.answers import AnyRequest, kept
from app.http.problems import documented
from app.http.tables import TABLES, Answer, FormatParameter, format_of, table, varied
from app.runtime.sql import Connection
from app.series import breakdown_routes as breakdown
from app.series import present_routes as present
from app.series import totals_routes as totals
from app.series.chart import By, Chart, Key, lines_of
from app.series.counts import METRICS
from app.series.filters import Filters, condition_of, filters_of
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
from app.series.period import EARLIEST, Width, asked_period, find_buckets
from app.series.queries import engagement_sums
from app.series.unique import check_buckets, check_filters, find_viewers
from app.series.wire import Series
from app.services import Services

NAMES = ("contentType", "contentId", "category", "creator", "from", "to", "partial")


@get(
    "/analytics/series",
    summary="Counts over time",
    description="Views, likes, comments, shares and seconds watched in buckets of time: of each "
    "item of `contentId`, or of all items that the filters let through, together; of the site "
    "without any. Buckets without events are there, with zeros; one that has not ended is "
    "`partial`. Hours, days, weeks and months are those of the zone, 23 or 25 hours of a day where "
    "its clocks change. At most 10,000 buckets, those of all series and comparisons together.",
    operation_id="series",
    tags=["Stats"],
    responses={
        200: ResponseSpec(Series, description="The series", generate_examples=False),
        304: ResponseSpec(None, description="Nothing has changed since that ETag"),
        **documented(UnknownItemError),
    },
    opt={TABLES: True},
)
async def series(
    request: AnyRequest,
    services: NamedDependency[Services],
    bucket: Annotated[
        Width,
        QueryParameter(
            name="bucket", description="Width of the buckets; minutes are of the last 24 hours."
        ),
    ] = "1d",
    since: From = None,
    until: To = None,
    zone: Zone = None,
    metrics: MetricList = None,
    content_id: ContentIds = None,
    content_type: ContentTypes = None,
    category: Categories = None,
    creator: Creators = None,
    metadata: MetadataValues = None,
    by: Annotated[
        By | None,
        QueryParameter(
            name="by",
            description="One series for each item, category, type or creator that is named; "
            "`item`, where `contentId` is given.",
        ),
    ] = None,
    compare: Comparison = None,
    cumulative: Annotated[
        bool,
        QueryParameter(
            name="cumulative", description="Each bucket with those before it, from the first on."
        ),
    ] = False,
    format_: FormatParameter = None,
) -> Answer:
    """Return one or more series."""
    filters = filters_of(content_id, content_type, category, creator, metadata)
    by = by or ("item" if filters.content_ids.is_in else None)
    names = _names(filters, by)
    asked = asked_period(since, until, zone, compare)
    chosen = metrics or METRICS
    check_filters(chosen, filters)
    check_buckets(chosen, bucket, cumulative=cumulative)
    as_of = datetime.now(UTC)

    async def read(connection: Connection) -> Chart:
        wanted = await condition_of(connection, filters)
        period = await find_buckets(connection, asked, width=bucket, series=len(names), as_of=as_of)
        now, before = [
            await engagement_sums(connection, edges=edges, wanted=wanted, split_by=by)
            if edges
            else []
            for edges in (period.edges, period.compared)
        ]
        viewers, viewers_before = [
            await find_viewers(
                connection,
                chosen,
                edges=edges,
                wanted=wanted,
                split_by=by,
                is_compared=is_compared,
            )
            for edges, is_compared in ((period.edges, False), (period.compared, True))
        ]
        return Chart(
            period=period,
            by=by,
            metrics=chosen,
            cumulative=cumulative,
            as_of=as_of,
            sums=now,
            compared=before,
            viewers=viewers,
            viewers_before=viewers_before,
        )

    made = await services.read(read)
    period = made.period
    answer = Series(
        from_=period.edges[0].astimezone(UTC),
        to=period.edges[-1].astimezone(UTC),
        bucket=bucket,
        zone=period.zone,
        compare=compare,
        cumulative=cumulative,
        as_of=as_of,
        series=made.series(_keys(names, by, filters)),
    )
    if (kind := format_of(request, format_)) != "json":
        return table(request, kind, lines_of(answer), first=NAMES, nested=["previous"])
    untimed = msgspec.structs.replace(answer, as_of=EARLIEST)
    return varied(kept(request, answer, max_age=0, told_by=untimed))


def _names(filters: Filters, by: By | None) -> list[str | None]:
    """Return what there is to be a series of each."""
    if by is None:
        return [None]
    parameter, names = {
        "item": ("contentId", filters.content_ids),
        "contentType": ("contentType", filters.content_types),
        "category": ("category", filters.categories),
        "creator": ("creator", filters.creators),
    }[by]
    if not names.is_in:
        raise BadRequestError(
            f"by: name what there is to be a series of each by {parameter}; "
            f"/analytics/breakdown?by={by} tells which there are"
        )
    return [*names.is_in]


def _keys(names: list[str | None], by: By | None, filters: Filters) -> list[Key]:
    if by == "item":
        return [(filters.item_type, name, None) for name in names]
    return [(None, None, name) for name in names]


router = Router("/", route_handlers=[series, totals.router, breakdown.router, present.router])
