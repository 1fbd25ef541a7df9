"""The zone of the calendar windows from the environment: C4, B3."""

from __future__ import annotations

import pytest

from app.errors import SettingError
from app.rankings.calendar_zone import set_calendar_zone
from app.runtime.pool import Pool
from app.settings import Settings, read_settings

pytestmark = pytest.mark.usefixtures("clean")


async def zone_in(pool: Pool) -> str:
    async with pool.connection() as connection:
        cursor = await connection.execute("select zone from core.calendar")
        ((zone,),) = await cursor.fetchall()
    return str(zone)


async def test_the_environment_sets_the_zone_and_says_whether_that_is_new(
    pool: Pool, settings: Settings
) -> None:
    zone = read_settings({"GROUNDSWELL_ZONE": "Europe/Berlin"}).zone
    assert await set_calendar_zone(settings.database_url, zone=zone) is True
    assert await set_calendar_zone(settings.database_url, zone=zone) is False
    assert await zone_in(pool) == "Europe/Berlin"


async def test_a_zone_that_is_set_no_more_is_the_default_again(
    pool: Pool, settings: Settings
) -> None:
    for zone in ("Europe/Berlin", "UTC"):
        await set_calendar_zone(settings.database_url, zone=zone)
        is_other = zone != "UTC"
        assert await set_calendar_zone(settings.database_url, zone=None) is is_other
        assert await set_calendar_zone(settings.database_url, zone=None) is False
        assert await zone_in(pool) == "UTC"


async def test_a_zone_that_the_environment_never_set_stays(pool: Pool, settings: Settings) -> None:
    async with pool.connection() as connection:
        await connection.execute("update core.calendar set zone = 'Asia/Tokyo'")
    assert await set_calendar_zone(settings.database_url, zone=None) is False
    assert await zone_in(pool) == "Asia/Tokyo"
    # Named and taken away, it is the environment's.
    assert await set_calendar_zone(settings.database_url, zone="Asia/Tokyo") is False
    assert await set_calendar_zone(settings.database_url, zone=None) is True
    assert await zone_in(pool) == "UTC"


async def test_what_is_no_zone_is_refused_and_named(settings: Settings) -> None:
    with pytest.raises(SettingError, match=r"GROUNDSWELL_ZONE='Middle/Earth': zone .* is no IANA"):
        await set_calendar_zone(settings.database_url, zone="Middle/Earth")
