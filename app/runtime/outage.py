"""An outage that a background task lives through: told each minute, retried with growing pauses."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
import structlog
from redis.exceptions import RedisError

from app.runtime.backoff import Backoff

REDIS_ERRORS = (RedisError, OSError)
"""What a Redis that is down or too slow raises; timeouts are among both."""
DATABASE_ERRORS = (psycopg.Error, OSError)
"""What a database that is down, too slow or not migrated raises; `PoolTimeout` is among them."""

REMIND_SECONDS = 60.0
"""How often an outage that goes on is told again."""

log = structlog.get_logger(__name__)


_BACKOFF = Backoff(shortest=0.25, longest=5.0)


class Outage:
    """Whether a dependency is down, and how long to wait before the next try.

    `name` is what the log calls it; `clock` is monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        *,
        backoff: Backoff = _BACKOFF,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.backoff = backoff
        self.tries = 0
        self._clock = clock
        self._told_at = 0.0

    def failed(self, error: BaseException) -> float:
        """Note a failed try, log it where it is news, and return the seconds to wait."""
        if self.tries == 0 or self._clock() - self._told_at >= REMIND_SECONDS:
            # The second time it may be for ever: a wrong password, a database that is not there.
            tell = log.error if self.tries else log.warning
            error_text = f"{type(error).__name__}: {error}"
            tell("outage", part=self.name, error=error_text, failed_tries=self.tries + 1)
            self._told_at = self._clock()
        self.tries += 1
        return self.backoff.pause(self.tries)

    def over(self) -> None:
        """Note that it works, and log the end of an outage."""
        if self.tries:
            log.info("outage over", part=self.name, failed_tries=self.tries)
        self.tries = 0
