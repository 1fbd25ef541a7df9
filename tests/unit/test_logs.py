"""The log: what libraries repeat is told once."""

from __future__ import annotations

import logging

from structlog.testing import capture_logs

from app.runtime.logs import QUIET_SECONDS, OncePerOutage, configure_logs
from app.settings import Settings


def test_an_outage_of_the_database_is_one_warning() -> None:
    now = 0.0
    handler = OncePerOutage(clock=lambda: now)

    def warned(message: str, *arguments: str) -> list[str]:
        record = logging.LogRecord("pool", logging.WARNING, "", 0, message, arguments, None)
        with capture_logs() as lines:
            handler.emit(record)
        assert all(line["log_level"] == "warning" for line in lines)
        return [line["event"] for line in lines]

    assert warned("error connecting: %s", "refused\n\tonce") == ["error connecting: refused once"]
    for second in range(200):
        now = float(second)
        assert warned("error connecting: %s", f"for the {second}th time") == []
    assert warned("another kind") == ["another kind"]
    now += QUIET_SECONDS
    assert warned("error connecting: %s", "again") == ["error connecting: again"]


def test_configuring_twice_adds_no_second_handler() -> None:
    for _ in range(2):
        configure_logs(Settings())
    handlers = logging.getLogger("psycopg.pool").handlers
    assert sum(isinstance(handler, OncePerOutage) for handler in handlers) == 1
