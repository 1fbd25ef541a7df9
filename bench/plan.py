"""How near `groundswell plan` comes: what it says of the database's minutes, and what they take.

Three loads on a month's history: a tenth of this machine's usual one, that one, and ten times it.
Time is given, so minutes pass as fast as they are computed. Compared are the seconds of the jobs of
a minute, and of inserting its events; the ratio is what was said over what it took.
"""

from __future__ import annotations

import time
from statistics import median

from psycopg import AsyncConnection

from app.planning.capacity import Load, minute_seconds
from app.planning.measured import INSERT_SECONDS, PACK_SECONDS
from bench._server import kind_of, unschedule
from bench.wal import MINUTE, SIZES, Traffic

MINUTES = 7
RATES = {"server": (15, 150, 1_500), "embedded": (2, 15, 150)}
"""Events a second."""
WITHIN = 0.3


async def run(database_url: str) -> list[dict[str, object]]:
    """Return a row of each load: how far the prediction is off, in units of 30 %."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    rows = []
    async with connection:
        kind = await kind_of(connection)
        events, items = SIZES[kind]
        await unschedule(connection)
        traffic = Traffic(connection, items=items, has_checkpoints=kind == "server")
        await traffic.prepare(events)
        for rate in RATES[kind]:
            taken = [await _minute(traffic, rate) for _ in range(MINUTES)][1:]
            load = Load(events_per_second=rate, peak=1.0, items=items)
            said = minute_seconds(load, rate)
            ratios = [said / seconds for _, seconds in taken]
            inserting = median(seconds for seconds, _ in taken)
            rows.append(
                {
                    "bench": "plan",
                    "case": f"{rate:,} events a second, {items:,} items: a minute's jobs, "
                    "how far what was said is off, in units of 30 %",
                    "ratio": round(abs(median(ratios) - 1) / WITHIN, 2),
                    "aim": 1,
                    "better": "lower",
                    "rounds": len(ratios),
                    "spread": sorted(
                        round(abs(each - 1) / WITHIN, 2) for each in (min(ratios), max(ratios))
                    ),
                    "measured": {
                        "said_seconds": round(said, 3),
                        "taken_seconds": round(median(seconds for _, seconds in taken), 3),
                        "said_insert_seconds": round(
                            60 * rate * (INSERT_SECONDS + PACK_SECONDS), 3
                        ),
                        "taken_insert_seconds": round(inserting, 3),
                    },
                }
            )
    return rows


async def _minute(traffic: Traffic, rate: int) -> tuple[float, float]:
    """Let a minute pass; return the seconds of inserting its events, and of its jobs."""
    events = traffic.events_of(60 * rate)
    traffic.now += MINUTE
    begun = time.perf_counter()
    await traffic.insert(events)
    inserted = time.perf_counter()
    await traffic.connection.execute("call api.run_rankings(%s)", [traffic.now])
    await traffic.connection.execute("call api.refresh_aggregates(%s)", [traffic.now])
    return inserted - begun, time.perf_counter() - inserted
