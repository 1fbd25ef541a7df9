"""The JSON shapes of health."""

from __future__ import annotations

from typing import Literal

from app.http.wire import Wire


class Dependency(Wire, frozen=True):
    """Whether Redis or the database answered just now."""

    up: bool
    """Whether it answered."""
    detail: str | None = None
    """What is wrong, when it is not up."""


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
    snapshot_ages: dict[str, float]
    """Seconds since each served ranking was last known to be right."""
