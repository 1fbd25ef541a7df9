"""What the documentation tells to ask answers by an index, however much history is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sql.world import World

DOCS = Path(__file__).parents[2] / "docs"
QUERIES = [
    query
    for name in ("operations", "scoring", "ingestion")
    for block in re.findall(r"```sql\n(.*?)```", (DOCS / f"{name}.md").read_text(), re.DOTALL)
    for query in re.findall(r"^select\b[^;]*;", block, re.MULTILINE)
    # What changes something, or previews a ranking, is not asked a thousand times a day.
    if not re.search(r"setval|preview_ranking", query)
] + [
    query
    for name in ("operations", "scoring", "ingestion")
    for query in re.findall(r"`(select [^`]*;)`", (DOCS / f"{name}.md").read_text())
    # Adds to every item what waits to be scored: it reads the whole catalogue.
    if "item_popularity" not in query
]
LARGE = "ranking_run|ranking_snapshot|ranking_score|item|item_window\\w*|_hyper\\w+|job_run"


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
        "analyze core.item, core.ranking_run, core.ranking_snapshot, core.job_run, core.ranking"
    )
    return undone


@pytest.mark.parametrize("query", QUERIES, ids=[" ".join(query.split())[:60] for query in QUERIES])
async def test_a_documented_query_reads_no_large_table_as_a_whole(
    history: World, query: str
) -> None:
    plan = "\n".join(line for (line,) in await history.rows(f"explain {query}"))
    assert not re.findall(rf"Seq Scan on (?:\w+\.)?(?:{LARGE})\b.*", plan), plan


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
