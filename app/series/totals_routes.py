"""`GET /analytics/totals`: what a period adds up to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.errors import UnknownItemError
from app.http.answers import AnyRequest, kept
from app.http.problems import documented
from app.http.tables import TABLES, Answer, FormatParameter, format_of, table, varied
from app.runtime.sql import Connection
from app.series.counts import METRICS, Counts, change, counts_of
from app.series.filters import condition_of, filters_of
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
from app.series.period import EARLIEST, asked_period, find_period
from app.series.queries import FoundPeriod, Sums, engagement_sums
from app.series.unique import Viewers, check_filters, find_viewers
from app.series.wire import Change, Earlier, Metric, Totals
from app.services import Services

FIRST = ("from", "to")


@get(
    "/analytics/totals",
    summary="Counts of a period",
    description="Views, likes, comments, shares and seconds watched between two moments, of all "
    "items that the filters let through; of the site without any. The last seven days, if neither "
    "`from` nor `to` is said. With `compare`, also those of a period before, and by what part they "
    "have changed.",
    operation_id="totals",
    tags=["Stats"],
    responses={
        200: ResponseSpec(Totals, description="The counts", generate_examples=False),
        304: ResponseSpec(None, description="Nothing has changed since that ETag"),
        **documented(UnknownItemError),
    },
    opt={TABLES: True},
)
async def totals(
    request: AnyRequest,
    services: NamedDependency[Services],
    since: From = None,
    until: To = None,
    zone: Zone = None,
    metrics: MetricList = None,
    content_id: ContentIds = None,
    content_type: ContentTypes = None,
    category: Categories = None,
    creator: Creators = None,
    metadata: MetadataValues = None,
    compare: Comparison = None,
    format_: FormatParameter = None,
) -> Answer:
    """Return what a period adds up to."""
    filters = filters_of(content_id, content_type, category, creator, metadata)
    asked = asked_period(since, until, zone, compare)
    as_of = datetime.now(UTC)
    chosen = metrics or METRICS
    check_filters(chosen, filters)

    async def read(
        connection: Connection,
    ) -> tuple[FoundPeriod, list[list[Sums]], list[list[Viewers]]]:
        wanted = await condition_of(connection, filters)
        period = await find_period(connection, asked, as_of=as_of)
        found = [
            await engagement_sums(connection, edges=edges, wanted=wanted, split_by=None)
            for edges in (period.edges, period.compared)
            if edges
        ]
        viewers = [
            await find_viewers(
                connection, chosen, edges=edges, wanted=wanted, is_compared=is_compared
            )
            for edges, is_compared in ((period.edges, False), (period.compared, True))
            if edges
        ]
        return period, found, viewers

    period, found, viewers = await services.read(read)
    now, *before = [
        (counts_of(sums[0]) if sums else Counts())._replace(
            unique_viewers=seen[0].viewers if seen else 0
        )
        for sums, seen in zip(found, viewers, strict=True)
    ]
    answer = Totals(
        **_stretch(period.edges, now, chosen),
        zone=period.zone,
        compare=compare,
        as_of=as_of,
    )
    for earlier in before:
        answer = msgspec.structs.replace(
            answer,
            previous=Earlier(**_stretch(period.compared, earlier, chosen)),
            change=_change(now.shown(chosen), earlier.shown(chosen)),
        )
    if (kind := format_of(request, format_)) != "json":
        return table(request, kind, [answer], first=FIRST, nested=["previous", "change"])
    untimed = msgspec.structs.replace(answer, as_of=EARLIEST)
    return varied(kept(request, answer, max_age=0, told_by=untimed))


def _stretch(edges: list[datetime], counts: Counts, metrics: Iterable[Metric]) -> dict[str, Any]:
    begins, ends = (edge.astimezone(UTC) for edge in edges)
    return {"from_": begins, "to": ends, **counts.shown(metrics)}


def _change(now: dict[str, Any], before: dict[str, Any]) -> Change:
    return Change(**{name: change(now[name], before[name]) for name in now})


router = Router("/", route_handlers=[totals])
