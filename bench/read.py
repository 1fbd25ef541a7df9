"""Trending requests a second, and their 99th percentile, against two servers of constant bytes.

`litestar` is what a framework's route costs, `raw` what granian and ASGI cost: both answer every
request with the very bytes of our answer, and look neither at parameters nor at If-None-Match. One
worker each, the same settings; the load comes from another process, to one server at a time.
"""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from app.embedded import embedded_redis
from app.rankings.publisher import Publisher
from app.runtime.pool import open_pool
from app.runtime.redis_client import open_redis
from app.serve import free_port
from app.settings import Settings
from bench._load import Load, load, loader
from bench._servers import answer, ours, rival

ROUNDS = 5
SECONDS = 3
CONNECTIONS = 32
PATH = "/analytics/trending?window=24h&limit=10"
AIMS = {"litestar": 2.5, "raw": 0.95}

_FILL = """
with given as (
    select
        'read-' || number as content_id,
        'A title as long as those of real videos, number ' || number as title,
        1 + number % 97 as views
    from generate_series(1, 200) as number
),

items as (
    insert into core.item (content_type, external_id, title, category, creator)
    select 'video', content_id, title, 'Music', 'A creator' from given
    on conflict (content_type, external_id) do update set title = excluded.title
    returning item_id, external_id
),

events as (
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type, count)
    select gen_random_uuid(), now(), now(), items.item_id, 'view', given.views
    from items inner join given on items.external_id = given.content_id
    returning item_id, occurred_at, event_type, count, seconds
)

insert into core.score_feed (item_id, occurred_at, event_type, count, seconds)
select item_id, occurred_at, event_type, count, seconds from events
"""


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the two ratios, ours to the rival's, of median requests a second."""
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            redis = await stack.enter_async_context(embedded_redis(Path(folder)))
            settings = Settings(database_url=database_url, redis_url=redis.url)
            await _fill(settings)
            ports = {"groundswell": free_port("127.0.0.1")}
            await stack.enter_async_context(ours(settings, ports["groundswell"]))
            body = Path(folder) / "body"
            body.write_bytes(await answer(ports["groundswell"], PATH, having="items"))
            for name in AIMS:
                ports[name] = free_port("127.0.0.1")
                await stack.enter_async_context(rival(name, ports[name], str(body)))
                given = await answer(ports[name], PATH, having="items")
                assert given == body.read_bytes()
            loads = await _measure(ports)
            return [_row(loads, rival, len(body.read_bytes())) for rival in AIMS]


async def _fill(settings: Settings) -> None:
    async with await psycopg.AsyncConnection.connect(
        settings.database_url, autocommit=True, prepare_threshold=None
    ) as connection:
        await connection.execute(_FILL)
        await connection.execute("call api.run_rankings(forced => true)")
    async with open_pool(settings) as pool, open_redis(settings) as redis:
        await Publisher(settings=settings, pool=pool, redis=redis).publish()


async def _measure(ports: dict[str, int]) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in ports}
    for port in ports.values():
        await _load(port, seconds=1)
    order = list(ports)
    for number in range(ROUNDS):
        for name in order[number % 3 :] + order[: number % 3]:
            loads[name].append(await _load(ports[name], seconds=SECONDS))
    return loads


async def _load(port: int, *, seconds: int) -> Load:
    return await load(port=port, path=PATH, connections=CONNECTIONS, seconds=seconds)


def _row(loads: dict[str, list[Load]], against: str, body_bytes: int) -> dict[str, object]:
    ours, theirs = loads["groundswell"], loads[against]
    ratios = [one.rate / other.rate for one, other in zip(ours, theirs, strict=True)]
    measured: dict[str, Any] = {"loader": loader(), "connections": CONNECTIONS}
    for name, found in (("groundswell", ours), (against, theirs)):
        measured[f"{name}_requests_a_second"] = round(median(each.rate for each in found))
        measured[f"{name}_p99_ms"] = round(median(each.p99 for each in found), 2)
    return {
        "bench": "read",
        "case": f"trending against {against}, constant bytes",
        "ratio": round(
            median(each.rate for each in ours) / median(each.rate for each in theirs), 2
        ),
        "aim": AIMS[against],
        "better": "higher",
        "rounds": ROUNDS,
        "spread": [round(min(ratios), 2), round(max(ratios), 2)],
        "measured": {**measured, "body_bytes": body_bytes},
    }
