"""What the API may do with its own role, and what a refresh keeps of the rules of the job."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from app.rankings import queries as rankings
from app.rankings.runs import latest_runs, run_at, snapshot_entries, snapshot_segments, stored_run
from tests.sql.world import AS_OF, World


@pytest.fixture
async def served(world: World) -> AsyncIterator[World]:
    """One scored item, seen with the rights of the API and the worker."""
    item = await world.item("a", category="Music")
    await world.happened(item, "view", 3)
    await world.run()
    await world.happened(item, "view", 4)
    await world.execute("set role groundswell_service")
    yield world
    await world.execute("reset role")


async def test_the_service_role_reads_lists_explains_and_previews(served: World) -> None:
    connection = served.connection
    run = (await latest_runs(connection))[-1]
    assert await stored_run(connection, ranking=run.ranking, run_id=run.run_id)
    assert await run_at(connection, ranking=run.ranking, as_of=AS_OF)
    assert await snapshot_entries(connection, run_id=run.run_id, segment="category:Music")
    assert set(await snapshot_segments(connection, run_id=run.run_id)) == {
        "", "category:Music", "content_type:video",
    }  # fmt: skip
    item = {"ranking": run.ranking, "content_type": "video", "content_id": "a"}
    assert await rankings.explain_score(connection, **item, as_of=AS_OF)
    assert await rankings.rank_history(connection, **item, since=AS_OF)
    assert await rankings.preview_ranking(
        connection, ranking=run.ranking, changes=b'{"view_weight": 2}', as_of=AS_OF
    )


async def test_the_service_role_refreshes_but_cannot_write_scores(served: World) -> None:
    connection = served.connection
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await served.execute("delete from core.ranking_score")
    await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
    try:
        async with connection.transaction():
            found = await served.rows("select * from api.refresh_rankings(%s)", [AS_OF])
    finally:
        await connection.set_isolation_level(None)
    assert {error for *_, error in found} == {None}
    await served.execute("reset role")
    assert await served.value("select count(*) from core.score_feed") == 0
    assert await served.rows("select distinct views from core.ranking_score") == [(7,)]


async def test_a_refresh_needs_a_snapshot_of_its_own(served: World) -> None:
    with pytest.raises(psycopg.errors.InvalidTransactionState, match="repeatable read"):
        await served.execute("select * from api.refresh_rankings(%s)", AS_OF)
    await served.execute("select pg_advisory_unlock_all()")


async def test_a_refresh_is_what_a_forced_run_is(served: World) -> None:
    await served.execute("reset role")
    connection = served.connection
    await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
    try:
        async with connection.transaction():
            await served.execute("select * from api.refresh_rankings(%s)", AS_OF)
    finally:
        await connection.set_isolation_level(None)
    newest = await served.value("select max(run_id) from core.ranking_run")
    await served.run(AS_OF, forced=True)
    assert await served.value("select max(run_id) from core.ranking_run") == newest
