"""A primary, what runs beside it, and what must be the same after it was restored."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg
import redis.asyncio

from app.migrate.migrate import migrate
from app.migrate.schema_files import PROJECT
from app.rankings.snapshots import Snapshots
from app.runtime.pool import open_pool
from app.settings import Settings
from tests.engines.cluster import Cluster
from tests.eventually import eventually
from tests.writing import packed, put, running_writer, waiting

DATABASE = "groundswell"
JOBS = len(list(PROJECT.jobs.glob("*.sql")))
"""How many the scheduler runs."""
STATE = {
    "events": "select count(*), sum(count), count(distinct event_id) from core.event",
    "ids": "select count(*) from core.claimed_id",
    "waiting": "select count(*), sum(count) from core.score_feed",
    "days": "select bucket, sum(views), sum(likes) from agg.engagement_1d group by 1 order by 1",
    "popularity": "select content_id, views, likes from api.item_popularity order by 1",
    "windows": 'select "window", item_id, views, likes from core.item_window order by 1, 2',
    "scores": "select score_set, item_id, views, likes from core.ranking_score order by 1, 2",
    "lists": """
        select ranking, segment, rank, content_id, score, run_id
        from api.current_ranking order by 1, 2, 3
    """,
    "known chunks": "select level, begins, is_lost from core.known_chunk order by 1, 2",
}


async def ask(url: str, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of one query."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return await (await connection.execute(query.encode())).fetchall()


async def tell(url: str, *statements: str) -> None:
    """Execute statements, one after the other."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for statement in statements:
            await connection.execute(statement.encode())


async def state(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that a restore must bring back."""
    return {name: await ask(url, query) for name, query in STATE.items()}


async def run_jobs(url: str) -> None:
    """Run every job, and hold it to a recount: nothing is missing, nothing counted twice."""
    await tell(
        url,
        "call api.refresh_aggregates(forced => true)",
        "call api.run_rankings(forced => true)",
        "call api.reconcile()",
        "call api.maintain_storage()",
    )
    runs = """
        select distinct on (job) job, row_count, error from core.job_run
        order by job, job_run_id desc
    """
    ledger = {job: (rows, error) for job, rows, error in await ask(url, runs)}
    assert {job: error for job, (_, error) in ledger.items()} == dict.fromkeys(ledger)
    assert ledger["reconcile"][0] == 0
    for counted in (
        "select sum(views) from agg.engagement_1d",
        "select sum(views) from api.item_popularity",
    ):
        assert await ask(url, counted) == await ask(
            url, "select sum(count) from core.event where event_type = 'view'"
        )


def served(snapshots: Snapshots) -> str:
    """Return what an API process answers."""
    answer = snapshots.answer("top_viewed", 100)
    assert answer is not None
    return answer.body.decode()


async def newest_run(url: str) -> int:
    """Return the highest id of a run."""
    [(run_id,)] = await ask(url, "select max(run_id) from core.ranking_run")
    return int(run_id)


class Site:
    """A primary, what runs beside it, and its base backup."""

    def __init__(self, primary: Cluster, settings: Settings, redis_: redis.asyncio.Redis) -> None:
        self.primary = primary
        self.url = primary.url(DATABASE)
        self.settings = msgspec.structs.replace(settings, database_url=self.url)
        self.redis = redis_

    async def record(self, *content_ids: str) -> None:
        """Put a view of each item into the stream."""
        await put(self.redis, [packed(content_id) for content_id in content_ids])

    async def written(self) -> None:
        """Wait until the writer has stored all that waits."""

        async def all_written() -> bool:
            return await waiting(self.redis) == 0

        await eventually(all_written)


async def make_history(site: Site) -> None:
    """Record, score and store; the jobs are paused, as a DBA may: tests run them."""
    report = await migrate(site.url)
    if site.primary.programs.has_pg_cron:
        assert len(report.jobs) == JOBS
        serial = await ask(
            site.url, "select extversion < '1.5' from pg_extension where extname = 'pg_cron'"
        )
        told = [line for line in report.warnings if "one behind the other" in line]
        assert [(bool(told),)] == serial
        await tell(site.url, "select cron.alter_job(jobid, active => false) from cron.job")
    few = "delete from core.ranking where name not in ('trending_24h', 'top_viewed', 'hot')"
    await tell(site.url, few)
    async with open_pool(site.settings) as pool, running_writer(site.settings, pool, site.redis):
        await site.record(*[f"i{n % 7}" for n in range(100)])
        await site.written()
        await run_jobs(site.url)
        # Some wait to be scored.
        await site.record("i0", "i1")
        await site.written()
