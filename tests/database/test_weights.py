"""Default weights from the environment: C2."""

from __future__ import annotations

import msgspec
import pytest

from app.errors import SettingError
from app.rankings.default_weights import set_default_weights
from app.runtime.pool import Pool
from app.settings import Settings, read_settings

pytestmark = pytest.mark.usefixtures("clean")


async def test_the_environment_sets_what_it_names_and_nothing_else(
    pool: Pool, settings: Settings
) -> None:
    environ = {"GROUNDSWELL_WEIGHT_LIKE": "7", "GROUNDSWELL_WEIGHT_VIEW": "1"}
    wanted = msgspec.structs.replace(read_settings(environ), database_url=settings.database_url)
    changed = await set_default_weights(settings.database_url, settings=wanted)
    assert [(one.metric, one.weight) for one in changed] == [("like", 7.0)]
    assert await set_default_weights(settings.database_url, settings=wanted) == []
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select api.ranking_weights(r) from core.ranking as r where name = 'trending_24h'"
        )
        assert await cursor.fetchone() == ([1.0, 7.0, 3.0, 4.0, 0.1],)


async def test_nothing_set_changes_nothing(pool: Pool, settings: Settings) -> None:
    """What a DBA wrote stays."""
    async with pool.connection() as connection:
        await connection.execute("update core.default_weight set weight = 9 where metric = 'share'")
    unset = msgspec.structs.replace(read_settings({}), database_url=settings.database_url)
    assert await set_default_weights(settings.database_url, settings=unset) == []


async def test_a_weight_that_is_set_no_more_is_the_default_again(settings: Settings) -> None:
    url = settings.database_url
    for environ, expected in (
        (
            {"GROUNDSWELL_WEIGHT_LIKE": "7", "GROUNDSWELL_WEIGHT_SHARE": "2"},
            {"like": 7, "share": 2},
        ),
        ({"GROUNDSWELL_WEIGHT_SHARE": "2"}, {"like": 5}),
        ({}, {"share": 4}),
        ({}, {}),
    ):
        wanted = msgspec.structs.replace(read_settings(environ), database_url=url)
        changed = await set_default_weights(url, settings=wanted)
        assert {one.metric: one.weight for one in changed} == expected


def test_a_negative_weight_is_named() -> None:
    with pytest.raises(SettingError, match="GROUNDSWELL_WEIGHT_LIKE='-1'"):
        read_settings({"GROUNDSWELL_WEIGHT_LIKE": "-1"})
