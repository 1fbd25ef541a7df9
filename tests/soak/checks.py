"""What must hold after every fault, and in the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import redis.asyncio

from app.ingest import keys
from app.ingest.dead_letters import each_dead_letter
from tests.eventually import eventually
from tests.soak.ledger import Ledger

Connection = psycopg.AsyncConnection[Any]

_LEVELS = """
with raw as (
    select
        time_bucket(%(bucket)s::interval, occurred_at) as bucket, item_id,
        sum(case event_type when 'view' then count else 0 end)::bigint as views,
        sum(case event_type when 'like' then count when 'unlike' then -count else 0 end)::bigint
            as likes,
        sum(
            case event_type when 'comment' then count when 'uncomment' then -count else 0 end
        )::bigint as comments,
        sum(case event_type when 'share' then count else 0 end)::bigint as shares,
        sum(case event_type when 'watch_time' then seconds * count else 0 end)::float8
            as watch_seconds
    from core.event
    where counted
    group by time_bucket(%(bucket)s::interval, occurred_at), item_id
)

select count(*)
from raw
full join agg.{} as level on raw.bucket = level.bucket and raw.item_id = level.item_id
where
    -- What is gone is in no recount: check_totals looks whether it is counted still.
    coalesce(raw.bucket, level.bucket) >= api.raw_since()
    and ((raw.views, raw.likes, raw.comments, raw.shares)
    is distinct from (level.views, level.likes, level.comments, level.shares)
    or abs(raw.watch_seconds - level.watch_seconds) > 0.001)
"""
_TOTALS = """
select
    coalesce(sum(views), 0)::float8, coalesce(sum(likes), 0)::float8,
    coalesce(sum(comments), 0)::float8, coalesce(sum(shares), 0)::float8,
    coalesce(sum(watch_seconds), 0)
from {}
"""
METRICS = ("views", "likes", "comments", "shares", "watch_seconds")
EFFECTS = {
    "view": ("views", 1),
    "like": ("likes", 1),
    "unlike": ("likes", -1),
    "comment": ("comments", 1),
    "uncomment": ("comments", -1),
    "share": ("shares", 1),
    "watch_time": ("watch_seconds", 1),
}
LEVELS = {"engagement_1m": "1 minute", "engagement_15m": "15 minutes", "engagement_1d": "1 day"}


@dataclass
class Found:
    """What a check found wrong; nothing, if all is well."""

    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    other: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.lost or self.doubled or self.other)


class Conservation:
    """Compares the database with the ledger, looking only at what is new since the last time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._since = datetime(1970, 1, 1, tzinfo=UTC)
        self._rows = 0
        """Rows that were there at the last check."""
        self._stored: set[str] = set()
        self._gone: set[str] = set()
        """Those that a DBA has dropped, as far as earlier checks know."""
        self._checked: set[str] = set()
        """Acknowledged events that earlier checks have found."""
        self.dead = 0
        self.totals: dict[str, float] = defaultdict(float)
        """What all events that were ever stored add up to, by metric."""

    async def check(self, connection: Connection, client: redis.asyncio.Redis) -> Found:
        """Check; nobody may be writing."""
        began = datetime.now(UTC)
        cursor = await connection.execute(
            "select user_id, event_type::text, count, seconds from core.event"
            " where received_at >= %s",
            [self._since],
        )
        rows = await cursor.fetchall()
        cursor = await connection.execute("select count(*) from core.event")
        total = (await cursor.fetchone() or (0,))[0]
        found = self._compare(rows, await _dead(client))
        if total != self._rows + len(rows):
            found.other.append(f"{total} rows, where {self._rows} + {len(rows)} were expected")
        self._since, self._rows = began, total
        return found

    async def check_all(self, connection: Connection, client: redis.asyncio.Redis) -> Found:
        """Check everything since the beginning once more."""
        self._since, self._rows = datetime(1970, 1, 1, tzinfo=UTC), 0
        self._stored, self._checked = set(), set()
        self._gone, self.totals = set(), defaultdict(float)
        return await self.check(connection, client)

    def _compare(self, rows: list[Any], dead: dict[str, str]) -> Found:
        found, ledger = Found(), self._ledger
        seen = Counter(ref for ref, *_ in rows)
        for ref in ledger.gone.keys() - self._gone:
            if ref in self._stored:
                self._rows -= 1
            else:
                _add(self.totals, *ledger.gone[ref])
        self._gone |= ledger.gone.keys()
        for _, *counts in rows:
            _add(self.totals, *counts)
        found.doubled = {ref for ref, times in seen.items() if times > 1 or ref in self._stored}
        found.lost = ledger.acknowledged.keys() - self._checked - seen.keys() - dead.keys()
        found.lost -= self._gone
        for ref, kind, count, seconds in rows:
            body = ledger.acknowledged.get(ref)
            if body is None:
                if ref not in ledger.unsure:
                    found.other.append(f"{ref} is stored and was never acknowledged")
            elif (kind, count, seconds) != (
                body["type"],
                body.get("count", 1),
                body.get("seconds"),
            ):
                found.other.append(f"{ref} is stored otherwise than it was sent")
        found.other += [
            f"{ref} died without a reason" for ref, reason in dead.items() if not reason
        ]
        found.other += ledger.wrong_answers
        ledger.wrong_answers = []
        self._stored |= seen.keys()
        self._checked |= ledger.acknowledged.keys()
        self.dead = len(dead)
        return found


async def _dead(client: redis.asyncio.Redis) -> dict[str, str]:
    """Return the reasons of dead events by their ref."""
    return {
        str(event.user_id): letter.reason
        async for letter in each_dead_letter(client)
        for event in letter.events or []
    }


def _add(totals: dict[str, float], kind: str, count: int, seconds: float | None) -> None:
    metric, sign = EFFECTS[kind]
    totals[metric] += sign * count * (seconds or 0 if kind == "watch_time" else 1)


async def drained(client: redis.asyncio.Redis, *, within: float) -> None:
    """Wait until everything is written."""

    async def is_empty() -> bool:
        lengths = [await client.xlen(key) for key in (keys.EVENT_STREAM, keys.BACKFILL_STREAM)]
        return sum(lengths) == 0

    await eventually(is_empty, within=within)


async def check_aggregates(connection: Connection) -> Found:
    """Compare every level with a recount of the raw events."""
    found = Found()
    await connection.execute("call api.refresh_aggregates(forced => true)")
    for level, bucket in LEVELS.items():
        cursor = await connection.execute(_LEVELS.replace("{}", level), {"bucket": bucket})
        if wrong := (await cursor.fetchone() or (0,))[0]:
            found.other.append(f"{wrong} buckets of {level} differ from the raw events")
    return found


async def check_scores(connection: Connection) -> Found:
    """Let the service compare all scores and windows with a recount, which may mend nothing."""
    await connection.execute("call api.run_rankings(forced => true)")
    await connection.execute("call api.reconcile()")
    cursor = await connection.execute(
        "select job, row_count, error from core.job_run"
        " where job in ('reconcile', 'run_rankings') order by job_run_id desc limit 2"
    )
    lines = await cursor.fetchall()
    found = Found()
    match lines:
        case [("reconcile", 0, None), ("run_rankings", _, None)]:
            pass
        case _:
            found.other.append(f"the ledger says {lines}")
    return found


async def check_totals(connection: Connection, totals: dict[str, float]) -> Found:
    """Hold lifetime counts to all events ever stored, those that a DBA has dropped among them."""
    found = Found()
    for source in ("api.engagement_1d", "core.item_window where \"window\" = 'all'"):
        cursor = await connection.execute(_TOTALS.replace("{}", source).encode())
        counted = dict(zip(METRICS, await cursor.fetchone() or (), strict=True))
        wrong = {
            metric: (count, totals[metric])
            for metric, count in counted.items()
            if abs(count - totals[metric]) > 0.001
        }
        if wrong:
            found.other.append(f"{source} has other totals than were stored: {wrong}")
    return found


class Jobs:
    """The ledger of all jobs, as far as it was not looked at yet."""

    def __init__(self) -> None:
        self._seen = 0

    async def faults(self, connection: Connection) -> list[str]:
        """Return what has failed since the last time, but for skipped and killed runs."""
        cursor = await connection.execute(
            "select job_run_id, job, error from core.job_run where job_run_id > %s"
            " order by job_run_id",
            [self._seen],
        )
        lines = await cursor.fetchall()
        self._seen = max([self._seen, *(line for line, _, _ in lines)])
        return [
            f"job {job}: {error}"
            for _, job, error in lines
            if error is not None
            and not error.startswith(("skipped: ", "cut off"))
            and not error.endswith("is in use: left to the next run")
        ]
