"""The zone of the daily rankings from the environment: C5."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from app.errors import SettingError
from app.rankings.daily_zone import set_daily_zone
from app.runtime.pool import Pool
from app.settings import Settings, read_settings

pytestmark = pytest.mark.usefixtures("clean")
Moved = Callable[[str], Awaitable[list[str]]]
Zones = Callable[[], Awaitable[dict[str, str]]]
DAILY = ["hot_anime", "hot_movie", "hot_tv", "score_anime", "score_movie", "score_tv", "top_100"]


@pytest.fixture
def moved(settings: Settings) -> Moved:
    """Move them to a zone, as `groundswell migrate` does."""

    async def move(zone: str) -> list[str]:
        given = read_settings({"GROUNDSWELL_ZONE": zone})
        wanted = msgspec.structs.replace(given, database_url=settings.database_url)
        return await set_daily_zone(settings.database_url, settings=wanted)

    return move


@pytest.fixture
def zones(pool: Pool) -> Zones:
    async def read() -> dict[str, str]:
        async with pool.connection() as connection:
            cursor = await connection.execute("select name, zone from core.ranking")
            return dict(await cursor.fetchall())

    return read


async def test_the_daily_rankings_follow_the_environment_and_no_others(
    moved: Moved, zones: Zones
) -> None:
    assert await moved("Europe/Berlin") == DAILY
    assert {name for name, zone in (await zones()).items() if zone != "UTC"} == set(DAILY)
    assert await moved("Europe/Berlin") == []
    assert await moved("Asia/Tokyo") == DAILY


async def test_a_zone_given_by_hand_stays(moved: Moved, zones: Zones, pool: Pool) -> None:
    await moved("Europe/Berlin")
    async with pool.connection() as connection:
        await connection.execute(
            "update core.ranking set zone = 'America/Lima' where name = 'hot_tv'"
        )
    assert await moved("Asia/Tokyo") == [name for name in DAILY if name != "hot_tv"]
    assert (await zones())["hot_tv"] == "America/Lima"
    assert await moved("Europe/Berlin") == [name for name in DAILY if name != "hot_tv"]


async def test_a_ranking_of_one_s_own_can_join(moved: Moved, pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "insert into core.daily_ranking (ranking_id) "
            "select ranking_id from core.ranking where name = 'best_rated'"
        )
    assert await moved("Asia/Tokyo") == ["best_rated", *DAILY]


async def test_what_is_no_zone_is_named(moved: Moved, zones: Zones) -> None:
    with pytest.raises(SettingError, match="GROUNDSWELL_ZONE='Berlin': expected an IANA time zone"):
        await moved("Berlin")
    assert set((await zones()).values()) == {"UTC"}


async def test_without_a_setting_all_are_in_utc_but_for_those_moved_by_hand(
    moved: Moved, zones: Zones, settings: Settings, pool: Pool
) -> None:
    unset = msgspec.structs.replace(read_settings({}), database_url=settings.database_url)
    assert await set_daily_zone(settings.database_url, settings=unset) == []
    await moved("Europe/Berlin")
    async with pool.connection() as connection:
        await connection.execute(
            "update core.ranking set zone = 'America/Lima' where name = 'hot_tv'"
        )
    others = [name for name in DAILY if name != "hot_tv"]
    assert await set_daily_zone(settings.database_url, settings=unset) == others
    assert {name: zone for name, zone in (await zones()).items() if zone != "UTC"} == {
        "hot_tv": "America/Lima"
    }
    assert await set_daily_zone(settings.database_url, settings=unset) == []
