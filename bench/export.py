"""Writing raw events and counts to files, against `COPY … TO` of the same query, thrown away."""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import psycopg

from app.export.plan import Asked, Format, What
from app.export.write import missing, rows_of, write_part

ROUNDS = 5
EVENTS = {"server": 1_000_000, "embedded": 100_000}
DAY = datetime(2026, 1, 20, tzinfo=UTC)

_ITEMS = """
insert into core.item (content_type, external_id, title)
select 'video', 'export-' || n, 'Title ' || n from generate_series(1, 10000) as n
on conflict do nothing
"""
_EVENTS = """
insert into core.event (event_id, occurred_at, received_at, item_id, event_type, user_id)
select gen_random_uuid(), made.at, made.at, 1 + floor(9999 * random() * random())::bigint, 'view',
    'user-' || floor(random() * 100000)
from (
    select %(day)s::timestamptz + random() * interval '2 days' as at
    from generate_series(1, %(events)s)
) as made
order by made.at
"""


async def run(database_url: str) -> list[dict[str, object]]:
    """Return our files' rate to that of a bare COPY, by source and format."""
    return await asyncio.to_thread(_run, database_url)


def _run(database_url: str) -> list[dict[str, object]]:
    with psycopg.connect(database_url, autocommit=True, prepare_threshold=None) as connection:
        backends = connection.execute(
            "select count(*) from pg_stat_activity where backend_type = 'checkpointer'"
        ).fetchone()
        events = EVENTS["server" if backends and backends[0] else "embedded"]
        connection.execute(_ITEMS)
        connection.execute(_EVENTS, {"day": DAY, "events": events})
        connection.execute("vacuum analyze core.event")
        connection.execute("call api.refresh_aggregates(forced => true)")
        return [
            _row(connection, what, format_, events)
            for what in ("events", "engagement")
            for format_ in ("csv", "ndjson", "parquet")
        ]


def _row(
    connection: psycopg.Connection, what: What, format_: Format, events: int
) -> dict[str, object]:
    asked = Asked(what=what, format=format_, level="15m", since=DAY, until=DAY + timedelta(days=2))
    ours: list[float] = []
    bare: list[float] = []
    for number in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as folder:
            parts = missing(connection, Path(folder) / "out", asked, now=DAY)
            started = time.perf_counter()
            for part in parts:
                write_part(connection, part, asked)
            written = time.perf_counter()
            for part in parts:
                for _ in rows_of(connection, part.stretch, asked):
                    pass
            read = time.perf_counter()
        if number:  # the first round warms up
            ours.append(written - started)
            bare.append(read - written)
    ratios = [there / here for here, there in zip(ours, bare, strict=True)]
    return {
        "bench": "export",
        "case": f"{what} of {events:,} events as {format_} / COPY … TO, thrown away",
        "ratio": median(ratios),
        "aim": 0.5,
        "better": "higher",
        "rounds": ROUNDS,
        "spread": [min(ratios), max(ratios)],
        "measured": {"seconds": median(ours), "copy_seconds": median(bare)},
    }
