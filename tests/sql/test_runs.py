"""Runs and snapshots: what is stored, what is confirmed, what a fault leaves alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.runtime.pool import Pool
from tests.engines import Home
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
RUNS = "select run_id, as_of, confirmed_at from core.ranking_run order by run_id"


async def test_an_unchanged_snapshot_is_confirmed_and_not_stored_again(world: World) -> None:
    """Nothing new for ten minutes: one run, known to hold up to the tenth minute."""
    a = await world.item("a")
    await world.only("trending_24h")
    await world.happened(a)
    for minutes in range(11):
        await world.run(AS_OF + minutes * MINUTE)
    assert await world.rows(RUNS) == [(1, AS_OF, AS_OF + 10 * MINUTE)]

    await world.happened(a, ago=-11 * MINUTE)
    await world.run(AS_OF + 11 * MINUTE)

    at = AS_OF + 11 * MINUTE
    assert await world.rows(RUNS) == [(1, AS_OF, AS_OF + 10 * MINUTE), (2, at, at)]
    assert await world.rows("select run_id, as_of, confirmed_at from api.latest_run") == [
        (2, at, at)
    ]


async def test_what_leaves_the_window_makes_a_new_snapshot(world: World) -> None:
    """24 h later the only item is gone: an empty snapshot is one, too."""
    a = await world.item("a")
    await world.only("trending_24h")
    await world.happened(a)
    await world.run(AS_OF)

    await world.run(AS_OF + 24 * HOUR)

    assert await world.rows(
        "select run.run_id, count(place.rank) from core.ranking_run as run "
        "left join api.stored_place as place on run.run_id = place.run_id and segment = '' "
        "group by run.run_id order by run.run_id"
    ) == [(1, 1), (2, 0)]
    assert await world.places("trending_24h") == []


async def test_no_events_at_all(world: World) -> None:
    await world.run()
    await world.run(AS_OF + MINUTE)

    assert await world.value("select count(*) from core.ranking_run") == 32
    assert await world.value("select count(*) from api.ranking_entry") == 0


async def test_places_know_their_previous_rank(world: World) -> None:
    """a, b; then b overtakes; then c is new at the top: rank, and rank in the run before."""
    a, b, c = [await world.item(name) for name in "abc"]
    await world.ranking("r", half_life="8 hours", segments=["content_type"])
    await world.happened(a, "view", 2)
    await world.happened(b, "view", 1)
    await world.run()
    await world.happened(b, "view", 10, ago=-MINUTE)
    await world.run(AS_OF + MINUTE)
    await world.happened(c, "view", 100, ago=-2 * MINUTE)
    await world.run(AS_OF + 2 * MINUTE)

    for segment in ("", "content_type:video"):
        found = [
            await world.rows(
                "select content_id, previous_rank from api.snapshot_entries(%s, %s)",
                [run_id, segment],
            )
            for run_id in (1, 2, 3)
        ]
        assert found == [
            [("a", None), ("b", None)],
            [("b", 2), ("a", 1)],
            [("c", None), ("b", 1), ("a", 2)],
        ]


async def test_an_old_snapshot_stays_as_it_was(world: World) -> None:
    a = await world.item("a")
    await world.only("trending_24h")
    await world.happened(a, "like")
    await world.run()
    query = "select rank, content_id, score, likes, components from api.ranking_entry"
    before = await world.rows(query + " where run_id = 1")

    await world.happened(a, "like", ago=-HOUR)
    await world.execute("update core.ranking set like_weight = 100")
    await world.run(AS_OF + 2 * HOUR)

    assert await world.rows(query + " where run_id = 1") == before
    assert await world.value(
        "select parameters -> 'weights' from core.ranking_run where run_id = 1"
    ) == [1, 5, 3, 4, 0.1]


async def test_a_ranking_that_fails_keeps_its_snapshot_and_stops_no_other(world: World) -> None:
    """(10^6 - 1)^1000 is more than a double holds."""
    a = await world.item("a")
    await world.ranking("bad", formula="gravity")
    await world.execute(
        """
        insert into core.ranking (name, formula, half_life)
        values ('good', 'weighted_decay', '1 hour'), ('other', 'top_count', null)
        """
    )
    await world.happened(a, "view", 1_000_000)
    await world.run()
    kept = await world.places("bad")

    # Past the rules, which would refuse it.
    await world.execute("alter table core.ranking disable trigger ranking_sensible")
    await world.execute(
        "update core.ranking set options = '{\"pointsExponent\": 1000}' where name = 'bad'"
    )
    await world.execute("alter table core.ranking enable trigger ranking_sensible")
    await world.happened(a, "view", 1, ago=-MINUTE)
    fault = await world.run_with_faults(AS_OF + MINUTE)

    assert fault is not None
    assert fault.startswith("bad: ")
    assert "out of range" in fault
    # The job has not failed: the ranking has.
    assert await world.rows("select error from api.job_status where job = 'run_rankings'") == [
        (None,)
    ]
    assert await world.places("bad") == kept
    held = await world.rows("select ranking, as_of from api.latest_run order by ranking")
    assert held == [("bad", AS_OF), ("good", AS_OF + MINUTE), ("other", AS_OF + MINUTE)]

    await world.execute("update core.ranking set options = '{}' where name = 'bad'")
    await world.run(AS_OF + 2 * MINUTE)
    assert await world.value("select as_of from api.latest_run where ranking = 'bad'") == (
        AS_OF + 2 * MINUTE
    )


async def test_a_scoring_fault_loses_no_event_and_stores_no_snapshot(world: World) -> None:
    """A constraint stands in for whatever may break: the feed stays, and is scored once, later."""
    a = await world.item("a")
    await world.only("trending_24h")
    await world.happened(a)
    await world.run()
    await world.happened(a, "view", 5, ago=-MINUTE)
    await world.execute(
        "alter table core.item_window add constraint breaks check (views < 3) not valid"
    )
    try:
        fault = await world.run_with_faults(AS_OF + MINUTE)
    finally:
        await world.execute("alter table core.item_window drop constraint breaks")

    assert fault is not None
    assert fault.startswith("scoring: ")
    assert await world.value("select count(*) from core.score_feed") == 1
    assert await world.rows("select as_of, confirmed_at from api.latest_run") == [(AS_OF, AS_OF)]

    await world.run(AS_OF + 2 * MINUTE)
    query = "select views from api.ranking_entry where run_id = 2 and segment = ''"
    assert await world.rows(query) == [(6,)]


async def test_the_ledger_counts_events_and_keeps_one_line_a_run(world: World) -> None:
    a = await world.item("a")
    await world.happened(a)
    await world.happened(a)
    await world.run()
    await world.run(AS_OF + MINUTE)

    assert await world.rows(
        """
        select job, row_count, error, finished_at >= started_at
        from core.job_run order by job_run_id
        """
    ) == [("run_rankings", 2, None, True), ("run_rankings", 0, None, True)]


async def test_a_run_that_was_cut_off_is_noted(world: World) -> None:
    """Its line stays without an end; whoever gets the lock next knows that it is dead."""
    await world.only()
    await world.execute(
        "insert into core.job_run (job, started_at) values ('run_rankings', %s)", AS_OF - HOUR
    )

    await world.run()

    assert await world.rows(
        "select error, finished_at is null from core.job_run order by job_run_id"
    ) == [("cut off", True), (None, False)]


async def test_a_job_runs_once_at_a_time(world: World, pool: Pool, home: Home) -> None:
    """A second run leaves at once: no score, no waiting, and a line that says so."""
    if home.name == "embedded":
        pytest.skip(
            "the embedded engine has one backend for all clients, whose own locks do not exclude"
            " it: run with TEST_DATABASE_URL or Docker"
        )
    a = await world.item("a")
    await world.happened(a)
    async with pool.connection() as other:
        await other.execute("select api.start_job('run_rankings')")
        try:
            await world.connection.execute("call api.run_rankings(%s)", [AS_OF])
            assert await world.value("select count(*) from core.job_run") == 2
            told = await world.value("select error from core.job_run where job_run_id = 2")
            assert told.startswith("skipped: it is run by session ")
            assert await world.value("select count(*) from core.score_feed") == 1
        finally:
            await other.execute("select api.finish_job('run_rankings', 1, 0, null)")

    await world.run()
    assert await world.value("select count(*) from core.score_feed") == 0


async def test_scoring_outside_its_isolation_level_is_refused(world: World) -> None:
    """Under read committed, an event inserted meanwhile would be deleted unscored."""
    with pytest.raises(Exception, match="needs isolation level repeatable read"):
        await world.execute("select api.score_events(%s)", AS_OF)


async def test_a_run_is_announced(world: World) -> None:
    await world.only()
    await world.connection.execute("listen ranking_run")
    try:
        await world.run()
        async for note in world.connection.notifies(timeout=5, stop_after=1):
            assert note.channel == "ranking_run"
            break
        else:
            pytest.fail("nothing came")
    finally:
        await world.connection.execute("unlisten ranking_run")
