"""An outage that a background task lives through: logged once, retried with growing pauses."""

from __future__ import annotations

import psycopg
import structlog
from redis.exceptions import RedisError

REDIS_ERRORS = (RedisError, OSError)
"""What a Redis that is down or too slow raises; timeouts are among both."""
DATABASE_ERRORS = (psycopg.Error, OSError)
"""What a database that is down, too slow or not migrated raises; `PoolTimeout` is among them."""

log = structlog.get_logger(__name__)


class Outage:
    """Whether a dependency is down, and how long to wait before the next try.

    `name` is what the log calls it. The pauses double from `shortest` to `longest` seconds.
    """

    def __init__(self, name: str, *, shortest: float = 0.25, longest: float = 5.0) -> None:
        self.name = name
        self.shortest = shortest
        self.longest = longest
        self.tries = 0

    def failed(self, error: BaseException) -> float:
        """Note a failed try, log the first of an outage, and return the seconds to wait."""
        if self.tries == 0:
            log.warning("outage", part=self.name, error=f"{type(error).__name__}: {error}")
        self.tries += 1
        return min(self.longest, self.shortest * 2.0 ** min(self.tries - 1, 16))

    def over(self) -> None:
        """Note that it works, and log the end of an outage."""
        if self.tries:
            log.info("outage over", part=self.name, failed_tries=self.tries)
        self.tries = 0
