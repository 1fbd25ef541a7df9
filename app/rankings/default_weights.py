"""The weights of rankings that name none of their own, as the environment sets them."""

from __future__ import annotations

import msgspec
from psycopg.types.json import Jsonb

from app.migrate.migrate import connect
from app.runtime.sql import Query
from app.settings import Settings


class DefaultWeight(msgspec.Struct, frozen=True, kw_only=True):
    """The points of one event of a metric."""

    metric: str
    weight: float


_SET_DEFAULT_WEIGHTS = Query("set_default_weights", DefaultWeight)


async def set_default_weights(database_url: str, *, settings: Settings) -> list[DefaultWeight]:
    """Write the weights that the environment sets, and return those that changed.

    A weight that it sets no more is again the one that Groundswell comes with; one that it never
    set stays as it is in the database. Rankings follow at their next run.
    """
    weights = {
        "view": settings.weight_view,
        "like": settings.weight_like,
        "comment": settings.weight_comment,
        "share": settings.weight_share,
        "watch_minute": settings.weight_watch_minute,
    }
    async with await connect(database_url, patience=60.0) as connection:
        return await _SET_DEFAULT_WEIGHTS.all(connection, weights=Jsonb(weights))
