"""What the documentation tells to ask answers by an index, however much history is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sql.world import World

ROOT = Path(__file__).parents[2]
TEXTS = [
    path.read_text()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if path.name != "sql.md"  # tests/surface tries all of it
]
LARGE = 1000
"""Rows from which on a table is not read as a whole."""


def documented() -> list[str]:
    """Return every query of the documentation that can be asked as it stands there."""
    blocks = [block for text in TEXTS for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL)]
    found = [
        *(
            query
            for block in blocks
            for query in re.findall(r"^select\b[^;]*", block, re.MULTILINE)
        ),
        *(query for text in TEXTS for query in re.findall(r"`(select [^`]*?);?`", text)),
    ]
    return sorted({query for query in found if "…" not in query and not is_a_change(query)})


def is_a_change(query: str) -> bool:
    """Tell whether it changes something, or computes a ranking: nobody asks that each second."""
    return re.search(r"setval|preview_ranking|timescaledb_p|skip_used_ids", query) is not None


QUERIES = documented()


@pytest.fixture
async def history(clean: None, undone: World) -> World:  # noqa: ARG001
    """Ten days of hourly snapshots of every ranking, five thousand items, a week of the ledger."""
    await undone.execute(
        """
        insert into core.item (content_type, external_id)
        select 'video', n::text from generate_series(1, 5000) as n
        """
    )
    await undone.execute(
        """
        insert into core.ranking_run
            (ranking_id, as_of, confirmed_at, finished_at, parameters, print)
        select ranking_id, at, at, at, '{}', ''
        from core.ranking
        cross join generate_series(now() - interval '10 days', now(), interval '1 hour') as at
        """
    )
    await undone.execute(
        """
        insert into core.ranking_snapshot (run_id, segment, entries)
        select run_id, '', array[row(null, 1, 1, 1, 1, 1, 1, '{1}')::core.ranking_entry]
        from core.ranking_run
        """
    )
    await undone.execute(
        """
        insert into core.job_run (job, started_at, finished_at)
        select 'run_rankings', at, at
        from generate_series(now() - interval '7 days', now(), interval '1 minute') as at
        """
    )
    await undone.execute(
        """
        insert into core.item_window
            ("window", item_id, views, likes, comments, shares, watch_seconds, last_event_at)
        select 'all', item_id, item_id % 977, 1, 1, 1, 1, now() from core.item
        """
    )
    await undone.execute(
        """
        insert into core.score_feed (item_id, occurred_at, event_type, count)
        select item_id, now(), 'view', 1000 from core.item order by item_id desc limit 20
        """
    )
    await undone.execute(
        "analyze core.item, core.item_window, core.ranking_run, core.ranking_snapshot,"
        " core.job_run, core.ranking, core.score_feed"
    )
    return undone


async def read_whole(world: World) -> dict[str, int]:
    """Return how many rows this transaction has read by scans of whole tables."""
    rows = await world.rows(
        "select relid::regclass::text, seq_tup_read from pg_stat_xact_user_tables"
        " where relid in (select oid from pg_class where reltuples > %s)",
        [LARGE],
    )
    return {table: int(read) for table, read in rows}


async def test_no_documented_query_reads_a_large_table_as_a_whole(history: World) -> None:
    """Nor does a function in it, of which a plan tells nothing."""
    assert QUERIES
    offenders = {}
    for query in QUERIES:
        before = await read_whole(history)
        await history.rows(query)
        after = await read_whole(history)
        if read := {t: after[t] - before[t] for t in after if after[t] != before[t]}:
            offenders[query] = read
    assert offenders == {}


async def test_what_waits_to_be_scored_is_among_the_most_viewed(history: World) -> None:
    query = "select views from api.item_popularity order by views desc limit 21"
    views = [views for (views,) in await history.rows(query)]
    fed = await history.rows("select 1000 + item_id % 977 from core.score_feed order by 1 desc")
    assert views == [*(views for (views,) in fed), 976]


async def test_the_current_ranking_is_that_of_the_newest_run(world: World) -> None:
    await world.only("trending_24h")
    item = await world.item("a", category="ape")
    await world.happened(item)
    await world.run()
    rows = await world.rows(
        "select ranking, rank, content_id, run_id = (select max(run_id) from core.ranking_run) "
        "from api.current_ranking where segment in ('', 'category:ape') order by segment"
    )
    assert rows == [("trending_24h", 1, "a", True)] * 2
