"""The zone of the calendar windows from the environment: C4, B3."""

from __future__ import annotations

import pytest

from app.errors import SettingError
from app.rankings.calendar_zone import set_calendar_zone
from app.runtime.pool import Pool
from app.settings import Settings, read_settings

pytestmark = pytest.mark.usefixtures("clean")


async def test_the_environment_sets_the_zone_and_says_whether_that_is_new(
    pool: Pool, settings: Settings
) -> None:
    zone = read_settings({"GROUNDSWELL_ZONE": "Europe/Berlin"}).zone
    assert await set_calendar_zone(settings.database_url, zone=zone) is True
    assert await set_calendar_zone(settings.database_url, zone=zone) is False
    assert await set_calendar_zone(settings.database_url, zone=read_settings({}).zone) is False
    async with pool.connection() as connection:
        cursor = await connection.execute("select zone from core.calendar")
        assert await cursor.fetchall() == [("Europe/Berlin",)]


async def test_what_is_no_zone_is_refused_and_named(settings: Settings) -> None:
    with pytest.raises(SettingError, match=r"GROUNDSWELL_ZONE='Middle/Earth': zone .* is no IANA"):
        await set_calendar_zone(settings.database_url, zone="Middle/Earth")
