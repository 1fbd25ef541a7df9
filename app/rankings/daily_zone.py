"""The zone of the daily rankings, as the environment sets it."""

from __future__ import annotations

import msgspec
from psycopg import errors

from app.errors import SettingError
from app.migrate.migrate import connect
from app.runtime.sql import Query
from app.settings import Settings

DEFAULT = "UTC"


class MovedRanking(msgspec.Struct, frozen=True, kw_only=True):
    """A ranking that is due in another zone now."""

    ranking: str


_SET_DAILY_ZONE = Query("set_daily_zone", MovedRanking)


async def set_daily_zone(database_url: str, *, settings: Settings) -> list[str]:
    """Move the daily rankings to the zone that the environment sets, and return which have moved.

    Without a setting that is UTC. One that was given another zone by hand keeps it. Raises
    `SettingError` for what is no IANA time zone.
    """
    async with await connect(database_url, patience=60.0) as connection:
        try:
            moved = await _SET_DAILY_ZONE.all(connection, zone=settings.zone or DEFAULT)
        except errors.CheckViolation as error:
            raise SettingError(
                f"GROUNDSWELL_ZONE={settings.zone!r} is no IANA time zone, such as Europe/Berlin"
            ) from error
    return sorted(one.ranking for one in moved)
