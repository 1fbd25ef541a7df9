"""The JSON shapes of health."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from app.http.wire import Wire


class Dependency(Wire, frozen=True):
    """Whether Redis or the database answered just now."""

    up: bool
    """Whether it answered."""
    detail: str | None = None
    """What is wrong, when it is not up, or up in part: some servers of a cluster."""


class ReplicaState(Wire, frozen=True):
    """How a standby that reads may go to is."""

    name: str
    """Its host and port."""
    used: bool
    """Whether reads go there."""
    lag_seconds: float | None
    """How far it is behind the primary; null while that is not known."""
    detail: str | None
    """Why it is not used: the primary answers in its place."""


class Liveness(Wire, frozen=True):
    """The process is up and its event loop turns."""

    status: Literal["live"] = "live"
    """Always `live`."""


class Readiness(Wire, frozen=True):
    """Whether this process can serve and accept, and what it has to do without."""

    status: Literal["ready", "degraded", "unready"]
    """`degraded` serves and accepts without a part; `unready` cannot."""
    degraded: list[str]
    """The dependencies that are down; empty when `status` is `ready`."""
    database: Dependency
    """How the database is."""
    redis: Dependency
    """How Redis is."""
    replicas: list[ReplicaState]
    """Standbys that reads may go to; none of them is needed."""
    snapshot_ages: dict[str, float]
    """Seconds since each served ranking was last known to be right."""


class LaneReport(Wire, frozen=True):
    """What waits for the writer in one lane of the stream."""

    lane: str
    """`live`, or `backfill`, which waits for the other."""
    entries: int
    """How many entries, of one request or several at once."""
    bytes: int
    """Memory of Redis that they take."""
    oldest_seconds: float
    """Age of the oldest; 0 where none waits."""


class StreamStatus(Wire, frozen=True):
    """What waits in Redis."""

    lanes: list[LaneReport]
    """By lane."""
    dead_letters: int | None
    """Entries that could not be written, and wait for a person; null while their server is down."""
    down: list[str]
    """Streams of a cluster whose server does not answer, and which server that is."""


class JobReport(Wire, frozen=True):
    """How the newest ended run of a scheduled job went."""

    job: str
    """Its procedure in schema `api`."""
    started_at: datetime
    """When that run began."""
    seconds: float | None
    """How long it took; null where it was cut off."""
    succeeded_at: datetime | None
    """When a run last ended well."""
    error: str | None
    """Why that run failed; null when all went well."""


class RankingReport(Wire, frozen=True):
    """How fresh an enabled ranking is."""

    name: str
    """Its name."""
    confirmed_at: datetime | None
    """Up to when its order is known to hold; null before its first run."""
    seconds: float | None
    """How long its newest computation took."""
    error: str | None
    """Why that failed, and the list from before is kept; null when all went well."""


class DatabaseStatus(Wire, frozen=True):
    """What the database tells."""

    events_per_second: float
    """Of the last minute."""
    viewers: int
    """Viewers of the last five minutes."""
    jobs: list[JobReport]
    """Scheduled jobs by name."""
    rankings: list[RankingReport]
    """Enabled rankings by name."""
    webhooks_pending: int
    """Webhooks of alerts that are still to be sent."""


class Overview(Wire, frozen=True):
    """How everything fares."""

    as_of: datetime
    """When it was asked."""
    database: DatabaseStatus | None
    """Null while it is down."""
    stream: StreamStatus | None
    """Null while Redis is down."""
