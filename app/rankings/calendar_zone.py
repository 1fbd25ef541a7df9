"""The zone of the calendar windows, as the environment sets it."""

from __future__ import annotations

import msgspec
from psycopg import errors

from app.errors import SettingError
from app.migrate.migrate import connect
from app.runtime.sql import Query


class CalendarZone(msgspec.Struct, frozen=True, kw_only=True):
    """The zone whose days, weeks and months the windows follow."""

    zone: str


_SET_CALENDAR_ZONE = Query("set_calendar_zone", CalendarZone)


async def set_calendar_zone(database_url: str, *, zone: str | None) -> bool:
    """Write the zone that the environment sets, and tell whether it is another one than before.

    None, for what the environment sets no more, is UTC again; what it never set stays as it is in
    the database. The windows follow at the next run. Raises `SettingError` for what is no IANA time
    zone.
    """
    async with await connect(database_url, patience=60.0) as connection:
        try:
            return await _SET_CALENDAR_ZONE.first(connection, zone=zone) is not None
        except errors.CheckViolation as error:
            raise SettingError(
                f"GROUNDSWELL_ZONE={zone!r}: {error.diag.message_primary}"
            ) from error
