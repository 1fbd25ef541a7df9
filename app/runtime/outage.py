"""An outage that a background task lives through: logged once, retried with growing pauses."""

from __future__ import annotations

import psycopg
import structlog
from redis.exceptions import RedisError

from app.runtime.backoff import Backoff

REDIS_ERRORS = (RedisError, OSError)
"""What a Redis that is down or too slow raises; timeouts are among both."""
DATABASE_ERRORS = (psycopg.Error, OSError)
"""What a database that is down, too slow or not migrated raises; `PoolTimeout` is among them."""

log = structlog.get_logger(__name__)


_BACKOFF = Backoff(shortest=0.25, longest=5.0)


class Outage:
    """Whether a dependency is down, and how long to wait before the next try.

    `name` is what the log calls it.
    """

    def __init__(self, name: str, *, backoff: Backoff = _BACKOFF) -> None:
        self.name = name
        self.backoff = backoff
        self.tries = 0

    def failed(self, error: BaseException) -> float:
        """Note a failed try, log the first of an outage, and return the seconds to wait."""
        if self.tries == 0:
            log.warning("outage", part=self.name, error=f"{type(error).__name__}: {error}")
        self.tries += 1
        return self.backoff.pause(self.tries)

    def over(self) -> None:
        """Note that it works, and log the end of an outage."""
        if self.tries:
            log.info("outage over", part=self.name, failed_tries=self.tries)
        self.tries = 0
