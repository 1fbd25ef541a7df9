"""How long a page's beacon takes while thousands of pages are open, against the same without them.

One API process. Beacons go over a few kept connections, a hundred a second; then the same beside
5,000 idle keep-alive connections, each of which has had an answer, and a hundred new visitors a
second, each with a connection of its own that sends one beacon and stays open. The load comes from
another process, which tells the 99th percentiles.
"""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

from app.embedded import embedded_redis
from app.serve import free_port
from app.settings import Settings
from bench._servers import ours, process, ready
from bench._visitors import Latency, beacons

ROUNDS = 7
SECONDS = 6
IDLE = 5_000
AIM = 2.0


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the ratio of the 99th percentiles of a beacon, with the crowd to without."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = await stack.enter_async_context(embedded_redis(folder))
        settings = Settings(database_url=database_url, redis_url=redis.url)
        port = free_port("127.0.0.1")
        await stack.enter_async_context(
            ours(settings, port, GROUNDSWELL_LOG_LEVEL="error", GROUNDSWELL_STREAM_SHARDS="1")
        )
        await stack.enter_async_context(
            process("app", "worker", DATABASE_URL=database_url, REDIS_URL=redis.url)
        )
        await ready(port)
        await beacons(port, seconds=2, idle=0, newcomers=False)  # warms up
        alone = list[Latency]()
        crowded = list[Latency]()
        for _ in range(ROUNDS):
            alone.append(await beacons(port, seconds=SECONDS, idle=0, newcomers=False))
            crowded.append(await beacons(port, seconds=SECONDS, idle=IDLE, newcomers=True))
    ratios = [one.kept / other.kept for one, other in zip(crowded, alone, strict=True)]
    return [
        {
            "bench": "visitors",
            "case": f"p99 of a beacon: {IDLE:,} idle connections and 100 new ones a second / none",
            "ratio": round(median(ratios), 2),
            "aim": AIM,
            "better": "lower",
            "rounds": ROUNDS,
            "spread": [round(min(ratios), 2), round(max(ratios), 2)],
            "measured": {
                "alone_p99_ms": round(median(each.kept for each in alone), 2),
                "crowded_p99_ms": round(median(each.kept for each in crowded), 2),
                "newcomer_p99_ms": round(median(each.new for each in crowded), 2),
            },
        }
    ]
