"""Cached stats a second: one item against a handler that does one GET, and 100 items against one.

The rival looks at nothing: no path, no parameter, no header, no bound. One worker each, the same
server and settings; the load comes from another process, to one server at a time.
"""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import psycopg

from app.embedded import embedded_redis
from app.runtime.redis_client import open_redis
from app.serve import free_port
from app.settings import Settings
from bench._load import Load, load, loader
from bench._rivals import KEY
from bench._servers import answer, ours, rival

ROUNDS = 5
SECONDS = 3
CONNECTIONS = 32
ITEMS = 100
ONE = "/analytics/stats/stats-1"
SEVERAL = "/analytics/stats?ids=" + ",".join(f"stats-{number}" for number in range(1, ITEMS + 1))
AIM = 0.85
AIM_SEVERAL = 2.0
_FILL = """
insert into core.item (content_type, external_id)
select 'video', 'stats-' || number from generate_series(1, %s) as number
on conflict (content_type, external_id) do nothing
"""


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the ratio of requests a second, and that of the time of 100 items to that of one."""
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            redis = await stack.enter_async_context(embedded_redis(Path(folder)))
            settings = Settings(database_url=database_url, redis_url=redis.url)
            async with await psycopg.AsyncConnection.connect(
                database_url, autocommit=True, prepare_threshold=None
            ) as connection:
                await connection.execute(_FILL, [ITEMS])
            port, other = free_port("127.0.0.1"), free_port("127.0.0.1")
            # Fresh for as long as it takes: what a refresh costs is another question.
            fresh = {"GROUNDSWELL_STATS_FRESH_SECONDS": "3600"}
            await stack.enter_async_context(ours(settings, port, **fresh))
            await answer(port, SEVERAL, having="items")
            body = await answer(port, ONE, having="contentId")
            async with open_redis(settings) as client:
                await client.set(KEY, body)
            await stack.enter_async_context(rival("redis_get", other, redis.url))
            assert await answer(other, ONE, having="contentId") == body
            cases = {
                "one": (port, ONE, CONNECTIONS),
                "get": (other, ONE, CONNECTIONS),
                "one_alone": (port, ONE, 1),
                "100_alone": (port, SEVERAL, 1),
            }
            loads = await _measure(cases)
            return _rows(loads, len(body))


async def _measure(cases: dict[str, tuple[int, str, int]]) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in cases}
    order = list(cases)
    for number in range(ROUNDS + 1):
        for name in order[number % 4 :] + order[: number % 4]:
            port, path, connections = cases[name]
            found = await load(
                port=port, path=path, connections=connections, seconds=SECONDS if number else 1
            )
            if number:
                loads[name].append(found)
    return loads


def _rows(loads: dict[str, list[Load]], body_bytes: int) -> list[dict[str, object]]:
    rate = {name: median(each.rate for each in found) for name, found in loads.items()}
    p99 = {name: median(each.p99 for each in found) for name, found in loads.items()}

    def row(case: str, over: str, under: str, **aim: object) -> dict[str, object]:
        pairs = zip(loads[over], loads[under], strict=True)
        ratios = [one.rate / other.rate for one, other in pairs]
        return {
            "bench": "stats",
            "case": case,
            "ratio": round(rate[over] / rate[under], 2),
            **aim,
            "rounds": ROUNDS,
            "spread": [round(min(ratios), 2), round(max(ratios), 2)],
            "measured": {
                "loader": loader(),
                "connections": CONNECTIONS,
                "one_requests_a_second": round(rate["one"]),
                "one_p99_ms": round(p99["one"], 2),
                "get_requests_a_second": round(rate["get"]),
                "get_p99_ms": round(p99["get"], 2),
                "one_alone_requests_a_second": round(rate["one_alone"]),
                "one_alone_p99_ms": round(p99["one_alone"], 2),
                "100_alone_requests_a_second": round(rate["100_alone"]),
                "100_alone_p99_ms": round(p99["100_alone"], 2),
                "body_bytes": body_bytes,
            },
        }

    return [
        row("cached, one item against one GET of Redis", "one", "get", aim=AIM, better="higher"),
        row(
            "cached, time of 100 items / of one, to one caller",
            "one_alone",
            "100_alone",
            aim=AIM_SEVERAL,
            better="lower",
        ),
    ]
