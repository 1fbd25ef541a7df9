"""Importing a history from a file until it stands in lists, against a COPY of the same rows.

`import` is `groundswell import`: read, checked, copied, aggregated, scored, and ranked. `copy` is
PostgreSQL's COPY of finished rows, as text, into the same hypertable with the same indexes, and
counts nothing. BENCH_IMPORT_EVENTS says how many events; a fiftieth of that are items, with a long
tail.
"""

from __future__ import annotations

import os
import random
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import msgspec
from psycopg import AsyncConnection

from app.imports.run import Import
from app.imports.run import run as importing
from app.runtime.sql import Connection
from app.settings import Settings

ROUNDS = 3
SIZES = {"server": 10_000_000, "embedded": 100_000}
AIM = 0.25
SPAN = timedelta(days=30)
_TYPES = (*["view"] * 11, "like", "like", "comment", "share", "share", "unlike")
_COPY = """
copy core.event (event_id, occurred_at, received_at, item_id, event_type, count) from stdin
"""
_EMPTY = """
truncate core.event, core.item, core.item_birth, core.score_feed, core.ranking_score,
    core.ranking_state, core.recount, core.item_window, core.window_position, core.item_hot,
    core.ranking_run, core.ranking_snapshot, core.job_run, core.known_chunk, core.import
    restart identity cascade
"""
_LEVELS = "select format('truncate agg.%I', name) from core.aggregate_level order by bucket desc"
_COUNTED = """
select
    (select count(*) from core.event),
    (select sum(views + shares)::bigint from core.item_window where "window" = 'all'),
    (select sum(views + shares)::bigint from agg.engagement_1d),
    (select count(*) from core.ranking_snapshot)
"""


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the row of the import."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    async with connection:
        kind = "server" if await _one(connection, _HAS_WORKERS) else "embedded"
        events = int(os.environ.get("BENCH_IMPORT_EVENTS") or SIZES[kind])
        with tempfile.TemporaryDirectory() as folder:
            history, rows, expected = _write(Path(folder), events)
            rates: dict[str, list[float]] = {"import": [], "copy": []}
            wal: dict[str, list[float]] = {"import": [], "copy": []}
            for _ in range(ROUNDS):
                for way in ("copy", "import"):
                    await _empty(connection)
                    before = await _wal(connection, kind)
                    began = time.perf_counter()
                    if way == "copy":
                        await _copy(connection, rows)
                    else:
                        await _import(database_url, history)
                    rates[way].append(events / (time.perf_counter() - began))
                    wal[way].append(await _wal(connection, kind) - before)
                    if way == "import":
                        await _check(connection, events, expected)
    ratios = [ours / theirs for ours, theirs in zip(rates["import"], rates["copy"], strict=True)]
    return [
        {
            "bench": "import",
            "case": f"{events:,} events to lists against COPY of their rows",
            "ratio": round(median(ratios), 3),
            "aim": AIM,
            "better": "higher",
            "rounds": ROUNDS,
            "spread": [round(min(ratios), 3), round(max(ratios), 3)],
            "measured": {
                "import_events_a_second": round(median(rates["import"])),
                "copy_rows_a_second": round(median(rates["copy"])),
                "import_wal_bytes_an_event": round(median(wal["import"]) / events),
                "copy_wal_bytes_a_row": round(median(wal["copy"]) / events),
                "client_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            },
        }
    ]


_HAS_WORKERS = "select count(*) > 0 from pg_stat_activity where backend_type = 'checkpointer'"


def _write(folder: Path, events: int) -> tuple[Path, Path, int]:
    """Write the history for the import, and its rows for the COPY; return how much it counts."""
    rng = random.Random(1)
    history, rows = folder / "history.ndjson", folder / "rows"
    items, expected = max(1, events // 50), 0
    until = datetime.now(UTC)
    encode = msgspec.json.encode
    with history.open("wb") as lines, rows.open("wb") as table:
        for place in range(events):
            at = until - SPAN * ((events - place) / events)
            item = 1 + int(items * rng.random() ** 3)
            type_ = rng.choice(_TYPES)
            expected += type_ in {"view", "share"}
            event = {"type": type_, "contentId": f"item-{item}", "occurredAt": at}
            lines.write(encode(event) + b"\n")
            tail = rng.getrandbits(62)
            identifier = f"{int(at.timestamp() * 1000):012x}70008{tail % (1 << 60):015x}"
            moment = at.isoformat()
            table.write(f"{identifier}\t{moment}\t{moment}\t{item}\t{type_}\t1\n".encode())
    return history, rows, expected


async def _copy(connection: Connection, rows: Path) -> None:
    with rows.open("rb") as file:
        async with connection.cursor().copy(_COPY) as copy:
            while part := file.read(1 << 20):
                await copy.write(part)


async def _import(database_url: str, history: Path) -> None:
    await importing(
        Import(
            paths=[history],
            settings=Settings(database_url=database_url),
            progress=lambda *_: None,
            reject=print,
            tell=lambda _: None,
        )
    )


async def _check(connection: Connection, events: int, expected: int) -> None:
    cursor = await connection.execute(_COUNTED)
    row = await cursor.fetchone()
    if row is None or row[:3] != (events, expected, expected) or not row[3]:
        raise AssertionError(f"imported {row}, not {events} events that count {expected}")


async def _empty(connection: Connection) -> None:
    await connection.execute(_EMPTY)
    cursor = await connection.execute(_LEVELS)
    for (statement,) in await cursor.fetchall():
        await connection.execute(statement)


async def _wal(connection: Connection, kind: str) -> float:
    if kind == "embedded":
        return 0.0
    return float(await _one(connection, "select pg_current_wal_lsn() - '0/0'::pg_lsn"))


async def _one(connection: Connection, query: str) -> float:
    row = await (await connection.execute(query)).fetchone()
    assert row is not None
    return float(row[0])
