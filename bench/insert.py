"""Rows a second of the writer's idempotent insert against two ways of doing the same job.

`unnest` is the usual idempotent insert, `insert … select from unnest(…) on conflict do nothing`,
of the same rows, viewers hashed in the same way;
`copy` is what cannot be beaten and is not idempotent: the same rows, encoded beforehand, by binary
COPY. Each of the three also queues its events for scoring, in the same transaction. Every round
inserts new events with UUIDv7 ids at the newest end of the hypertable, as the writer does.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median
from uuid import UUID

from psycopg import AsyncConnection

from app.ingest import queries as sql
from app.ingest.insert import Inserter
from app.ingest.item_ids import ItemIds
from app.ingest.packing import EVENT_TYPES, PackedEvent
from app.ingest.rows import ReceivedEvent, encode_rows
from app.ingest.uuid7 import Uuid7Source
from app.ingest.viewer import viewers_by
from app.runtime.sql import Connection

ROUNDS = 27
BATCHES = 6
BATCH_ROWS = 5_000
ITEMS = 20_000
SECONDS_A_BATCH = 0.05

_UNNEST = """
with inserted as (
    insert into core.event (
        event_id, occurred_at, received_at, item_id, event_type, count, seconds, viewer, user_id,
        session_id, metadata
    )
    select
        given.event_id, to_timestamp(given.occurred_at / 1e6),
        to_timestamp(given.received_at / 1e6), given.item_id, given.event_type, given.count,
        given.seconds, given.viewer, given.user_id, given.session_id, given.metadata
    from unnest(
        %s::uuid [], %s::bigint [], %s::bigint [], %s::bigint [], %s::core.event_type [],
        %s::integer [], %s::double precision [], %s::bigint [], %s::text [], %s::text [],
        %s::jsonb []
    ) as given (
        event_id, occurred_at, received_at, item_id, event_type, count, seconds, viewer, user_id,
        session_id, metadata
    )
    on conflict do nothing
    returning item_id, occurred_at, event_type, count, seconds, viewer, user_id
)

insert into core.score_feed (item_id, occurred_at, event_type, count, seconds, viewer, user_id)
select item_id, occurred_at, event_type, count, seconds, viewer, user_id from inserted
"""

_KEY = b"bench"
_VIEWER_OF = viewers_by(_KEY)

Batch = list[ReceivedEvent]
Insert = Callable[[Batch], Awaitable[None]]


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the two ratios, writer to rival, of median rows a second."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    async with connection:
        source = _Source(random.Random(2))
        item_ids = ItemIds()
        # Before the ids are asked for: it forgets those of a connection that it has not met.
        await item_ids.check(connection)
        ids = await item_ids.resolve(connection, set(source.items))
        ways = _ways(connection, item_ids, ids)
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for way in ways.values():  # warms up caches and makes the day's chunk
            await _rate(way, [source.batch()])
        for number in range(ROUNDS):
            order = list(ways)
            for name in order[number % 3 :] + order[: number % 3]:
                batches = [source.batch() for _ in range(BATCHES)]
                if name == "copy":
                    rates[name].append(await _copy_rate(connection, batches, ids))
                else:
                    rates[name].append(await _rate(ways[name], batches))
        engine = await _engine(connection)
    return [_row(rates, "unnest", 3.5, engine), _row(rates, "copy", 0.9, engine)]


class _Source:
    """Make batches of new events, each batch a little later than the one before."""

    def __init__(self, chance: random.Random) -> None:
        self.items = [("video", f"bench-{number}") for number in range(ITEMS)]
        self._chance = chance
        self._new_id = Uuid7Source()
        self._now = time.time()

    def batch(self) -> Batch:
        self._now += SECONDS_A_BATCH
        received_at = round(self._now * 1e6)
        return [
            ReceivedEvent(self._event(received_at - BATCH_ROWS + number), received_at)
            for number in range(BATCH_ROWS)
        ]

    def _event(self, occurred_at: int) -> PackedEvent:
        content_type, content_id = self.items[int(ITEMS * self._chance.random() ** 3)]
        return PackedEvent(
            event_id=self._new_id(occurred_at // 1_000),
            occurred_at=occurred_at,
            content_type=content_type,
            content_id=content_id,
            type=self._chance.choice((0, 0, 0, 0, 1, 3, 5)),
            user_id=f"user-{self._chance.randrange(100_000)}",
        )


def _ways(
    connection: Connection, item_ids: ItemIds, ids: Mapping[tuple[str, str], int]
) -> dict[str, Insert]:
    inserter = Inserter(late_seconds=3_600, item_ids=item_ids)

    async def writer(batch: Batch) -> None:
        inserted = await inserter.insert(connection, batch, now=batch[0].received_at)
        assert inserted.new == len(batch)

    async def unnest(batch: Batch) -> None:
        columns = zip(*(_values(received, ids) for received in batch), strict=True)
        async with connection.transaction():
            await connection.execute(_UNNEST, [list(column) for column in columns])

    async def copy(batch: Batch) -> None:
        await _copy_rate(connection, [batch], ids)

    return {"writer": writer, "unnest": unnest, "copy": copy}


def _values(received: ReceivedEvent, ids: Mapping[tuple[str, str], int]) -> tuple[object, ...]:
    event = received.event
    viewer = _VIEWER_OF(event)
    return (
        UUID(bytes=event.event_id),
        event.occurred_at,
        received.received_at,
        ids[event.content_type, event.content_id],
        EVENT_TYPES[event.type],
        event.count,
        event.seconds,
        None if viewer is None else int.from_bytes(viewer, "big", signed=True),
        event.user_id,
        event.session_id,
        event.metadata,
    )


async def _rate(way: Insert, batches: list[Batch]) -> float:
    began = time.perf_counter()
    for batch in batches:
        await way(batch)
    return sum(map(len, batches)) / (time.perf_counter() - began)


async def _copy_rate(
    connection: Connection, batches: list[Batch], ids: Mapping[tuple[str, str], int]
) -> float:
    encoded = [
        tuple(map(b"".join, zip(*encode_rows(batch, ids, key=_KEY), strict=True)))
        for batch in batches
    ]
    began = time.perf_counter()
    for events, feed in encoded:
        async with connection.transaction():
            async with sql.copy_events(connection) as into:
                await into.write(events)
            async with sql.copy_score_feed(connection) as into:
                await into.write(feed)
    return sum(map(len, batches)) / (time.perf_counter() - began)


async def _engine(connection: Connection) -> str:
    cursor = await connection.execute(
        "select split_part(version(), ' ', 2), extversion from pg_extension"
        " where extname = 'timescaledb'"
    )
    row = await cursor.fetchone()
    assert row is not None
    return f"PostgreSQL {row[0]}, TimescaleDB {row[1]}"


def _row(rates: dict[str, list[float]], rival: str, aim: float, engine: str) -> dict[str, object]:
    ratios = [ours / theirs for ours, theirs in zip(rates["writer"], rates[rival], strict=True)]
    return {
        "bench": "insert",
        "case": f"writer against {rival}",
        "engine": engine,
        "ratio": round(median(rates["writer"]) / median(rates[rival]), 2),
        "aim": aim,
        "better": "higher",
        "rounds": ROUNDS,
        "spread": [round(min(ratios), 2), round(max(ratios), 2)],
        "measured": {
            "rows_a_batch": BATCH_ROWS,
            "writer_rows_a_second": round(median(rates["writer"])),
            f"{rival}_rows_a_second": round(median(rates[rival])),
        },
    }
