"""What the jobs write to the WAL: a minute without events, and an event among 150 a second.

Time is given, so minutes pass as fast as they are computed: each inserts its events as the writer
does, a batch a quarter of a second, all with ids of their own, and calls both jobs. On a server, a
checkpoint begins every quarter of an hour, as compose.yaml has it: the first change of each page
after it logs the whole page; one round more has one every five minutes, PostgreSQL's default.
Nothing else may write to the server meanwhile: its WAL is counted as a whole.

Rivals, in the same run: a plain COPY of the same rows into a hypertable of the same shape, and an
update of all stored scores, as fading would ask for. At the end, an hour of 150 events a minute on
time, and one of as many that are scattered over the day before, with both jobs every five minutes.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

from psycopg import AsyncConnection

from app.ingest.insert import Inserter
from app.ingest.item_ids import ItemIds
from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from app.ingest.rows import ReceivedEvent, encode_rows
from app.runtime.sql import Connection
from bench._server import kind_of, unschedule, wal_position

ROUNDS = 3
MINUTES = 15
"""Of a round, each of which begins with a checkpoint."""
OFTEN = 5
"""Minutes between checkpoints where nobody has said otherwise."""
LATE_STEPS = 12
"""Of five minutes: an hour, the beat of what is late, but for the days'."""
RATE = {"server": 150, "embedded": 15}
"""Events a second."""
SIZES = {"server": (1_000_000, 50_000), "embedded": (100_000, 5_000)}
"""Events in the month before, and items."""
BEGIN = datetime(2026, 1, 30, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KINDS = ("video", "movie", "tv")
# Eleven views in seventeen events, as in the history.
TYPES = ["view"] * 11 + ["like", "like", "comment", "share", "watch_time", "unlike"]

_ITEMS = """
insert into core.item (content_type, external_id, category, creator, first_event_at)
select
    (%s::text[])[1 + mod(n, 3)], 'bench' || n, 'category' || mod(n, 30), 'creator' || mod(n, 5000),
    timestamptz '2025-01-01'
from generate_series(1, %s) as n
"""
# A long tail of items; in time order, as they come, and with the ids that the API makes then: in a
# history of others every page of their index would be split in its middle.
_HISTORY = """
insert into core.event
    (event_id, occurred_at, received_at, item_id, event_type, count, seconds, user_id)
select
    overlay(
        md5(random()::text)
        placing lpad(to_hex((1000 * date_part('epoch', made.at))::bigint), 12, '0') || '7'
        from 1 for 13
    )::uuid,
    made.at, made.at, 1 + floor(%(items)s * power(random(), 3))::bigint,
    (%(types)s::core.event_type[])[1 + floor(17 * random())::integer], 1, 30,
    'user-' || floor(100000 * random())::integer
from (
    select %(until)s::timestamptz - random() * interval '30 days' as at
    from generate_series(1, %(events)s)
) as made
order by made.at
"""
# As the jobs would have counted it by then.
_WINDOWS = """
insert into core.window_position ("window", since, zone)
select
    known.name,
    coalesce(
        api.window_start(known.name, %(at)s),
        api.calendar_start(known.name, %(at)s, calendar.zone) - interval '1 microsecond',
        '-infinity'
    ),
    case when known.calendar_unit is not null then calendar.zone end
from core.time_window as known
cross join core.calendar as calendar;
insert into core.item_window (
    "window", item_id, views, likes, comments, shares, watch_seconds, last_event_at, unlikes,
    uncomments
)
select
    position."window", event.item_id, sum(one.views), sum(one.likes), sum(one.comments),
    sum(one.shares), sum(one.watch_seconds),
    coalesce(max(event.occurred_at) filter (where one.gives), '-infinity'),
    sum(one.unlikes), sum(one.uncomments)
from core.window_position as position
inner join core.event as event on position.since < event.occurred_at
cross join lateral api.event_counts(event.event_type, event.count, event.seconds) as one
group by position."window", event.item_id
"""
_PLAIN = """
create table rival (like core.event including defaults);
select create_hypertable('rival', by_range('occurred_at', interval '1 day'),
    create_default_indexes => false);
alter table rival add primary key (event_id, occurred_at);
create index on rival (occurred_at);
create index on rival (received_at) where received_at < occurred_at
"""
_REWRITE = "update core.ranking_score set decayed_to = decayed_to"


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the rows: a quiet minute, an event, a run, and what being late costs."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    async with connection:
        kind = await kind_of(connection)
        events, items = SIZES[kind]
        await unschedule(connection)
        traffic = Traffic(connection, items=items, has_checkpoints=kind == "server")
        await traffic.prepare(events)
        # Quiet ones first: what a busy hour has brought leaves windows in the next.
        quiet = [await traffic.round(0) for _ in range(ROUNDS)]
        quiet_often = await traffic.round(0, checkpoint_every=OFTEN)
        busy = [await traffic.round(RATE[kind]) for _ in range(ROUNDS)]
        busy_often = await traffic.round(RATE[kind], checkpoint_every=OFTEN)
        rivals = [await traffic.rivals(RATE[kind]) for _ in range(ROUNDS)]
        timely = await traffic.hour(late=False)
        late = await traffic.hour(late=True)
    size = f"{events:,} events of {items:,} items"
    return [
        _row(
            f"{size}: a minute without events, in units of 1 MB",
            [cost.wal_bytes / MINUTES / 1e6 for cost in quiet],
            1,
            wal_bytes_a_minute=_middle(cost.wal_bytes / MINUTES for cost in quiet),
            with_checkpoints_every_5_minutes=round(quiet_often.wal_bytes / MINUTES),
            all_scores_rewritten_bytes=_middle(rival.rewrite for rival in rivals),
        ),
        _row(
            f"{size}: an event of {RATE[kind]} a second, all told, in units of 2 kB",
            [cost.wal_bytes / cost.events / 2_000 for cost in busy],
            1,
            wal_bytes_an_event=_middle(cost.wal_bytes / cost.events for cost in busy),
            with_checkpoints_every_5_minutes=round(busy_often.wal_bytes / busy_often.events),
            of_which_inserting=_middle(cost.insert_bytes / cost.events for cost in busy),
            of_which_scoring=_middle(cost.run_bytes / cost.events for cost in busy),
            of_which_aggregates=_middle(cost.refresh_bytes / cost.events for cost in busy),
            plain_copy_bytes=_middle(rival.plain for rival in rivals),
        ),
        _row(
            f"{size}: a whole run of {60 * RATE[kind]:,} new events, in units of 2 s",
            [cost.run_seconds / MINUTES / 2 for cost in busy],
            1,
            run_seconds=_middle(cost.run_seconds / MINUTES for cost in busy),
            quiet_run_seconds=_middle(cost.run_seconds / MINUTES for cost in quiet),
        ),
        _row(
            f"{size}: an hour with 150 events a minute, late by up to a day / on time, WAL",
            [late.wal_bytes / timely.wal_bytes],
            2,
            late_bytes=late.wal_bytes,
            timely_bytes=timely.wal_bytes,
        ),
    ]


class Cost(NamedTuple):
    """Of some minutes."""

    events: int
    insert_bytes: float
    run_bytes: float
    refresh_bytes: float
    run_seconds: float

    @property
    def wal_bytes(self) -> float:
        """All of it."""
        return self.insert_bytes + self.run_bytes + self.refresh_bytes

    def plus(self, other: Cost) -> Cost:
        """Return the cost of both."""
        return Cost._make(mine + theirs for mine, theirs in zip(self, other, strict=True))


NOTHING = Cost(0, 0, 0, 0, 0)


class Rivals(NamedTuple):
    """Bytes of WAL."""

    plain: float
    """Of an event."""
    rewrite: float
    """Of all scores."""


class Traffic:
    """Minutes on a database, one after the other from `BEGIN` on."""

    def __init__(self, connection: Connection, *, items: int, has_checkpoints: bool) -> None:
        self.connection = connection
        self.items = items
        self.has_checkpoints = has_checkpoints
        self.inserter = Inserter(late_seconds=3_600)
        self.random = random.Random(42)
        self.now = BEGIN

    async def prepare(self, events: int) -> None:
        """Fill the database with what it would hold at `BEGIN`."""
        history = {"items": self.items, "until": BEGIN, "events": events, "types": TYPES}
        await self.connection.execute("select setseed(0.42)")
        await self.connection.execute(_ITEMS, [list(KINDS), self.items])
        await self.connection.execute(_HISTORY, history)
        await self.connection.execute("vacuum analyze core.event")
        async with self.connection.transaction():
            for statement in _WINDOWS.split(";"):
                await self.connection.execute(statement, {"at": BEGIN})
        for statement in _PLAIN.split(";\n"):
            await self.connection.execute(statement)
        await self.connection.execute("call api.refresh_aggregates(%s, true)", [BEGIN])
        await self.connection.execute("call api.run_rankings(%s)", [BEGIN])
        await self.connection.execute("vacuum analyze")
        # The first minutes rewrite what was loaded tightly.
        await self.round(RATE["embedded"])

    async def round(self, rate: int, *, checkpoint_every: int = MINUTES) -> Cost:
        """Let `MINUTES` pass with so many events a second."""
        cost = NOTHING
        for minute in range(MINUTES):
            if minute % checkpoint_every == 0:
                await self._checkpoint()
            cost = cost.plus(await self._minute(self._events(60 * rate, MINUTE)))
        return cost

    async def hour(self, *, late: bool) -> Cost:
        """Let an hour pass with 150 events a minute."""
        cost = NOTHING
        for _ in range(LATE_STEPS):
            await self._checkpoint()
            self.now += (OFTEN - 1) * MINUTE
            span = timedelta(days=1) if late else MINUTE
            cost = cost.plus(await self._minute(self._events(150 * OFTEN, span)))
        return cost

    async def rivals(self, rate: int) -> Rivals:
        """Insert a minute's events plainly, and rewrite all scores."""
        await self._checkpoint()
        events = self._events(60 * rate, MINUTE)
        names = {(event.content_type, event.content_id) for event, _ in events}
        ids = await ItemIds().resolve(self.connection, names)
        before = await wal_position(self.connection)
        for batch in _batches(events):
            rows = b"".join(rows for rows, _ in encode_rows(batch, ids, key=b"bench"))
            copy = "copy rival (event_id, received_at, item_id, occurred_at, event_type, count, "
            copy += "seconds, viewer, user_id, session_id, metadata, counted, uncounted_because) "
            async with (
                self.connection.cursor() as cursor,
                cursor.copy(copy + "from stdin (format binary)") as into,
            ):
                await into.write(rows)
        between = await wal_position(self.connection)
        await self.connection.execute(_REWRITE)
        after = await wal_position(self.connection)
        await self.connection.execute("vacuum core.ranking_score")
        return Rivals((between - before) / len(events), after - between)

    async def _minute(self, events: list[ReceivedEvent]) -> Cost:
        self.now += MINUTE
        begun = await wal_position(self.connection)
        await self.insert(events)
        inserted = await wal_position(self.connection)
        started = time.perf_counter()
        await self.connection.execute("call api.run_rankings(%s)", [self.now])
        seconds = time.perf_counter() - started
        scored = await wal_position(self.connection)
        await self.connection.execute("call api.refresh_aggregates(%s)", [self.now])
        refreshed = await wal_position(self.connection)
        return Cost(len(events), inserted - begun, scored - inserted, refreshed - scored, seconds)

    async def insert(self, events: list[ReceivedEvent]) -> None:
        """Insert them as the writer does, a quarter of a second's at a time."""
        for batch in _batches(events):
            now = batch[-1].received_at + 250_000
            await self.inserter.insert(self.connection, batch, now=now)

    def events_of(self, number: int) -> list[ReceivedEvent]:
        """Return so many events of the minute from now on."""
        return self._events(number, MINUTE)

    def _events(self, number: int, span: timedelta) -> list[ReceivedEvent]:
        """Return events of the minute from now on, which happened over that span until its end."""
        received = [_microseconds(self.now + MINUTE * n / number) for n in range(number)]
        before = (span - MINUTE) // timedelta(microseconds=1)
        return [
            ReceivedEvent(self._event(at - self.random.randint(0, before)), at) for at in received
        ]

    def _event(self, occurred_at: int) -> PackedEvent:
        item = 1 + int(self.items * self.random.random() ** 3)
        kind = self.random.choice(TYPES)
        return PackedEvent(
            event_id=self._uuid7(occurred_at),
            occurred_at=occurred_at,
            content_type=KINDS[item % 3],
            content_id=f"bench{item}",
            type=TYPE_NUMBERS[kind],
            seconds=30.0 if kind == "watch_time" else None,
            user_id=f"user-{self.random.randrange(100_000)}",
            claims=True,
        )

    def _uuid7(self, at: int) -> bytes:
        noise = self.random.getrandbits(74)
        value = at // 1000 << 80 | 7 << 76 | noise >> 62 << 64 | 2 << 62 | noise % (1 << 62)
        return value.to_bytes(16, "big")

    async def _checkpoint(self) -> None:
        if self.has_checkpoints:
            await self.connection.execute("checkpoint")


def _batches(events: Sequence[ReceivedEvent]) -> list[list[ReceivedEvent]]:
    """Cut a minute's events into quarters of a second."""
    size = max(1, len(events) // 240)
    return [list(events[start : start + size]) for start in range(0, len(events), size)]


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _middle(values: Iterable[float]) -> float:
    return round(median(values), 3)


def _row(case: str, ratios: list[float], aim: float, **measured: float) -> dict[str, object]:
    return {
        "bench": "wal",
        "case": case,
        "ratio": round(median(ratios), 3),
        "aim": aim,
        "better": "lower",
        "rounds": len(ratios),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "measured": measured,
    }
