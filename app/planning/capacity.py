"""A load, what each part of an installation needs for it, and which part is full first.

Items differ: of a million, a few have most events. Events are spread over them as `U**3` of them
spreads, `U` being uniform: the first thousandth has a tenth of all events, the first tenth 46 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import msgspec

from app.planning import measured as of

MINUTE = 60.0
DAY = 86_400.0
BUSY = 0.7
"""Up to which part a core may be busy on average in the busiest minutes."""
SLICES = 400
"""How finely the spread of events over items is cut to count those with an event."""

Kind = Literal["cores", "bytes", "bytes a day", "share"]


class Load(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to be carried."""

    events_per_second: float
    """On average over a day."""
    peak: float = 3.0
    """How many times that in the busiest minutes."""
    events_per_request: float = 1.0
    items: int = 100_000
    """Items with an event within a month."""
    keep_days: float = 35.0
    """How long raw events are kept."""
    columnstore_days: float = 3.0
    """From which age on they are kept in the columnstore."""
    lists_per_second: float = 0.0
    stats_per_second: float = 0.0
    outage_hours: float = 1.0
    """For how long events are to wait in Redis while the database is down."""


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a load needs of one part."""

    part: str
    kind: Kind
    needs: float
    """In the unit of `kind`."""
    full_at: float | None
    """Events a second, on average, from which on one more core or machine of it does not help; null
    where more of it always does, or where it does not grow with them."""
    then: str
    """What to do then."""


def distinct(items: int, events: float) -> float:
    """Return how many of `items` have one of so many events, on average."""
    if not events or not items:
        return 0.0
    # Item x of n has x**(1/3) - (x - 1)**(1/3) of n**(1/3); slices grow with x.
    edges = [(items + 1) ** (number / SLICES) - 1 for number in range(SLICES + 1)]
    found = 0.0
    for begins, ends in pairwise(edges):
        share = (ends ** (1 / 3) - begins ** (1 / 3)) / items ** (1 / 3)
        width = ends - begins
        if width > 0:
            found += width * -math.expm1(-events * share / width)
    return min(found, float(items))


def minute_seconds(load: Load, rate: float) -> float:
    """Return the seconds that the database's jobs of a minute take at so many events a second."""
    events = MINUTE * rate
    return (
        of.RUN_SECONDS
        + of.LISTED_SECONDS * load.items
        + of.CHANGED_SECONDS * distinct(load.items, events)
        + of.SCORED_SECONDS * events
    )


def parts_of(load: Load) -> list[Part]:
    """Return what each part needs, in the order of an event's way."""
    rate, peak = load.events_per_second, load.events_per_second * load.peak
    requests = peak / load.events_per_request
    api = (
        requests * of.REQUEST_SECONDS
        + peak * of.ACCEPT_SECONDS
        + load.lists_per_second * of.READ_SECONDS
        + load.stats_per_second * of.STATS_SECONDS
    )
    redis = requests * of.STREAM_REQUEST_SECONDS + peak * of.STREAM_SECONDS
    jobs = minute_seconds(load, peak) / MINUTE
    written = of.WAL_BYTES * rate + of.QUIET_WAL_BYTES / MINUTE
    return [
        Part(part="API processes", kind="cores", needs=api / BUSY, full_at=None,
             then="more workers of `groundswell serve`, then more machines: they share nothing"),
        Part(part="Redis, its one core", kind="share", needs=redis / BUSY,
             full_at=_full(load, lambda at: _redis(load, at) / BUSY),
             then="more events a request, then a cluster and GROUNDSWELL_STREAM_SHARDS"),
        Part(part="Redis, memory", kind="bytes", needs=_memory(load), full_at=None,
             then="more of it, a shorter outage to ride out, or Kafka in front"),
        Part(part="workers", kind="cores", needs=peak * of.PACK_SECONDS / BUSY, full_at=None,
             then="more `groundswell worker`, on any machine"),
        Part(part="database, inserting", kind="cores", needs=peak * of.INSERT_SECONDS / BUSY,
             full_at=None, then="a primary with more cores; reads to standbys"),
        Part(part="database, a minute's jobs", kind="share", needs=jobs / BUSY,
             full_at=_full(load, lambda at: minute_seconds(load, at) / MINUTE / BUSY),
             then="faster cores, as one session scores; beyond it lists fall behind, nothing is "
             "lost; past one primary, history by Kafka's sink into a store of its own"),
        Part(part="database, disk", kind="bytes", needs=_disk(load), full_at=None,
             then="shorter core.storage_policy, an earlier columnstore"),
        Part(part="database, write-ahead log", kind="bytes a day", needs=written * DAY,
             full_at=None, then="faster disks; an archive takes as much a day"),
    ]  # fmt: skip


def first_full(parts: list[Part]) -> Part | None:
    """Return the part that is full first as events grow."""
    bounded = [part for part in parts if part.full_at is not None]
    return min(bounded, key=lambda part: part.full_at or 0.0) if bounded else None


def _redis(load: Load, rate: float) -> float:
    return rate / load.events_per_request * of.STREAM_REQUEST_SECONDS + rate * of.STREAM_SECONDS


def _full(load: Load, share: Callable[[float], float]) -> float:
    """Return the average rate at whose peak a share is one."""
    low, high = 0.0, 1e9
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) < 1 else (low, middle)
    return low / load.peak


def _memory(load: Load) -> float:
    waiting = load.events_per_second * load.peak * 3_600 * load.outage_hours
    asked = min(float(load.items), 30 * load.stats_per_second)
    return of.BASE_MEMORY_BYTES + waiting * of.WAITING_BYTES + asked * of.STATS_BYTES


def _disk(load: Load) -> float:
    """Return the bytes of events and what is counted of them, as core.storage_policy ships."""
    a_day = load.events_per_second * DAY
    rows = min(load.keep_days, load.columnstore_days) * a_day
    columns = max(0.0, load.keep_days - load.columnstore_days) * a_day

    def level(width: float, as_rows: float, kept: float) -> float:
        """Return the bytes of a level with buckets of so many seconds; ages in days."""
        buckets = distinct(load.items, load.events_per_second * width) * DAY / width
        row_days = min(as_rows, kept)
        return buckets * (row_days * of.BUCKET_BYTES + (kept - row_days) * of.BUCKET_COLUMN_BYTES)

    counted = level(60, 7, 40) + level(900, 40, 400) + level(DAY, 60, 365)
    return rows * of.ROW_BYTES + columns * of.COLUMN_BYTES + counted + load.items * of.ITEM_BYTES
