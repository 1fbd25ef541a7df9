"""`GET /analytics/items/{id}/places`: where an item stands in all rankings at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import require
from app.errors import UnknownItemError
from app.http.answers import AnyRequest, kept
from app.http.parameters import DEFAULT_TYPE, ContentId, ContentType
from app.http.problems import documented
from app.rankings.parameters import parse_since
from app.rankings.wire import HourlyPlace, ItemPlace, ItemPlaces
from app.runtime.sql import Connection, Query
from app.services import Services


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    ranking: str | None
    rank: int | None
    previous_rank: int | None
    score: float | None
    listed: int | None
    as_of: datetime | None
    past_moments: list[datetime] | None
    past_ranks: list[int | None] | None


_ITEM_PLACES = Query("item_places", _Row)


async def item_places(
    connection: Connection, *, content_type: str, content_id: str, reach: timedelta | None
) -> list[ItemPlace] | None:
    """Return an item's places by the names of the rankings, or None for an unknown item."""
    rows = await _ITEM_PLACES.all(
        connection, content_type=content_type, content_id=content_id, reach=reach
    )
    return [_place(row) for row in rows if row.ranking is not None] if rows else None


def _place(row: _Row) -> ItemPlace:
    assert row.ranking is not None  # noqa: S101  # a row of nulls is none
    past = zip(row.past_moments or [], row.past_ranks or [], strict=True)
    return ItemPlace(
        ranking=row.ranking,
        rank=row.rank,
        of=row.listed or 0,
        previous_rank=row.previous_rank,
        score=row.score,
        as_of=row.as_of,
        history=[HourlyPlace(as_of=moment, rank=rank) for moment, rank in past],
    )


@get(
    "/analytics/items/{content_id:str}/places",
    summary="Where an item stands in all rankings",
    description="Its place, score and the length of the list in the newest run of every enabled "
    "ranking that may list it, those without a place too; with `since`, its places before, an hour "
    "apart. One look instead of one explanation a ranking.",
    operation_id="itemPlaces",
    tags=["Rankings"],
    responses={
        200: ResponseSpec(ItemPlaces, description="Its places", generate_examples=False),
        304: ResponseSpec(None, description="Nothing has changed since that ETag"),
        **documented(UnknownItemError),
    },
)
async def get_places(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = DEFAULT_TYPE,
    since: Annotated[
        str | None,
        QueryParameter(
            name="since",
            description="How far back the history goes: `1m` to `90d`; without it there is none.",
        ),
    ] = None,
) -> Response[bytes]:
    """Tell all places of an item."""
    item = {"content_type": content_type, "content_id": content_id}
    reach = None if since is None else parse_since(since)
    places = await services.read(lambda each: item_places(each, **item, reach=reach))
    if places is None:
        raise UnknownItemError(f"no {content_type} has the id {content_id!r}")
    answer = ItemPlaces(**item, places=places)
    return kept(request, answer, max_age=services.settings.trending_max_age)


router = Router("/", route_handlers=[get_places], guards=[require("read")])
