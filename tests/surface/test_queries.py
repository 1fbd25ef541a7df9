"""The ready queries answer with the rights of dashboards, and read aggregates only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.surface.reading import rows_read
from tests.surface.ready import EXAMPLES, Ready, read_ready

READY = read_ready()
NOT_REFRESHED = 20
"""Most raw events that are newer than the last refresh: those of the newest minutes."""
CHUNK = timedelta(days=10)
"""How much time a chunk of an aggregate holds."""


def each(queries: list[Ready]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("ready", queries, ids=[one.name for one in queries])


def test_there_are_at_least_twenty() -> None:
    assert len(READY) >= 20
    assert len({ready.title for ready in READY}) == len(READY)


@each(READY)
async def test_a_query_answers(reader: psycopg.AsyncConnection, ready: Ready) -> None:
    cursor = await reader.execute(ready.query.encode())
    rows = await cursor.fetchall()
    # Nothing waits, nothing fails, nobody is known, and there is no list of days before.
    may_be_empty = ("14-", "15-", "20-", "21-", "25-")
    assert rows or ready.name.startswith(may_be_empty), "no rows"


@each([ready for ready in READY if not ready.reads_events])
async def test_a_query_reads_no_raw_events_but_the_newest(
    reader: psycopg.AsyncConnection, ready: Ready
) -> None:
    # A day of so small a site is read faster as a whole.
    await reader.execute("set local enable_seqscan = off")
    read = await rows_read(reader, ready.query)
    assert read.rows.get("event", 0) <= NOT_REFRESHED


async def version(connection: psycopg.AsyncConnection) -> int:
    """Return the y of TimescaleDB 2.y."""
    cursor = await connection.execute(
        "select split_part(extversion, '.', 2)::integer from pg_extension"
        " where extname = 'timescaledb'"
    )
    [(minor,)] = await cursor.fetchall()
    return int(minor)


@each([ready for ready in READY if ready.days is not None])
async def test_a_query_reads_no_chunk_before_what_it_asks_for(
    reader: psycopg.AsyncConnection, ready: Ready
) -> None:
    assert ready.days is not None
    if "engagement_hourly" in ready.query and await version(reader) < 28:
        pytest.skip("TimescaleDB 2.23 makes no range of now() there: use TEST_DATABASE_URL")
    since = datetime.now(UTC) - timedelta(days=ready.days + 1)
    read = await rows_read(reader, ready.query)
    assert [chunk for chunk in read.chunks if chunk[1] <= since] == []  # type: ignore[operator]


async def test_without_a_range_older_chunks_are_read(reader: psycopg.AsyncConnection) -> None:
    """What the tests above would find."""
    read = await rows_read(reader, "select sum(views) from api.engagement_hourly")
    old = datetime.now(UTC) - timedelta(days=20)
    assert [chunk for chunk in read.chunks if chunk[1] <= old]  # type: ignore[operator]
    read = await rows_read(reader, "select count(*) from api.event")
    assert read.rows["event"] > NOT_REFRESHED


READABLE = [
    "bucket_edges", "chunk_sizes", "current_ranking", "engagement_15m", "engagement_1d",
    "engagement_1m", "engagement_breakdown", "engagement_daily", "engagement_hourly",
    "engagement_sums", "editorial_review", "editorial_rule",
    "event", "excluded_item", "explain_edit", "explain_score", "ingest_health",
    "item_popularity", "item_ranks", "item_stats", "job_status", "raised_alert", "rank_history",
    "ranking_overview", "stats_of_items", "storage_report", "trending_now", "unique_viewers",
    "unique_viewers_by", "unrefreshed", "viewers_since",
]  # fmt: skip
"""What `groundswell_read` may use of what is promised: the list that people were told."""


@pytest.mark.parametrize("name", READABLE)
async def test_an_example_answers_a_reader(reader: psycopg.AsyncConnection, name: str) -> None:
    await reader.execute(EXAMPLES[f"api.{name}"].encode())


COMMITS = ["run_rankings", "refresh_aggregates", "maintain_storage", "reconcile", "rebuild_day",
           "correct", "declare_dimension", "drop_dimension", "count_neighbours",
           "refresh_rankings"]  # fmt: skip
"""What commits or needs a snapshot of its own, and so cannot be tried in a rolled back one."""
CHANGES = sorted({name.removeprefix("api.") for name in EXAMPLES} - {*READABLE, *COMMITS})


@pytest.mark.parametrize("name", CHANGES)
async def test_an_example_answers_the_owner_and_nobody_who_reads(
    owner: psycopg.AsyncConnection, name: str
) -> None:
    await owner.execute(EXAMPLES[f"api.{name}"].encode())
    await owner.execute("set local role groundswell_read")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await owner.execute(EXAMPLES[f"api.{name}"].encode())


@pytest.mark.parametrize("name", COMMITS)
async def test_an_example_of_a_procedure_is_refused_to_who_reads(
    reader: psycopg.AsyncConnection, name: str
) -> None:
    """It is there, with these arguments, or the error would be another one."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await reader.execute(EXAMPLES[f"api.{name}"].encode())
