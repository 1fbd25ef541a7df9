"""Structured logs: one line an occurrence, for people or for machines."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable

import structlog

from app.runtime.addresses import redacted
from app.settings import Settings

QUIET_SECONDS = 60.0
"""A warning that keeps coming is told again after so long."""


class OncePerOutage(logging.Handler):
    """Passes a library's warnings on to our log, each once a minute for as long as it keeps coming.

    The pool warns at every try to connect, several times a second; a wrong password it would tell
    once, and be silent for ever. `clock` is monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(logging.WARNING)
        self._clock = clock
        self._last: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record unless one of its kind came a moment ago."""
        now = self._clock()
        kind = str(record.msg)
        if now - self._last.get(kind, -QUIET_SECONDS) >= QUIET_SECONDS:
            structlog.get_logger(record.name).warning(" ".join(record.getMessage().split()))
            self._last[kind] = now


def without_passwords(
    _logger: structlog.typing.WrappedLogger, _name: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Put stars in the place of passwords, whatever a driver says: a processor of structlog."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = redacted(value)
        elif not isinstance(value, int | float | None):
            line[name] = redacted(str(value))
    return line


def configure_logs(settings: Settings) -> None:
    """Log to standard error from `settings.log_level` on, as text or as one JSON object a line.

    Bodies and ids of users are never logged.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    last: structlog.typing.Processor = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if settings.log_format == "json":
        last = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_passwords,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    pool = logging.getLogger("psycopg.pool")
    pool.propagate = False
    if not any(isinstance(handler, OncePerOutage) for handler in pool.handlers):
        pool.addHandler(OncePerOutage())
