"""The log: what libraries repeat is told once."""

from __future__ import annotations

import logging

from structlog.testing import capture_logs

from app.runtime.logs import OncePerOutage, configure_logs, without_passwords
from app.runtime.outage import Outage
from app.settings import Settings


def test_an_outage_of_the_database_is_one_warning_a_minute() -> None:
    now = 0.0
    handler = OncePerOutage(clock=lambda: now)

    def warned(message: str, *arguments: str) -> list[str]:
        record = logging.LogRecord("pool", logging.WARNING, "", 0, message, arguments, None)
        with capture_logs() as lines:
            handler.emit(record)
        assert all(line["log_level"] == "warning" for line in lines)
        return [line["event"] for line in lines]

    assert warned("error connecting: %s", "refused\n\tonce") == ["error connecting: refused once"]
    told = []
    for second in range(200):
        now = float(second)
        told += warned("error connecting: %s", f"for the {second}th second")
    # A wrong password is not told once and then kept for ever.
    assert told == [f"error connecting: for the {second}th second" for second in (60, 120, 180)]
    assert warned("another kind") == ["another kind"]


def test_an_outage_that_lasts_is_told_again_and_louder() -> None:
    now = 0.0
    outage = Outage("database", clock=lambda: now)
    with capture_logs() as lines:
        for second in range(150):
            now = float(second)
            outage.failed(OSError("refused"))
    assert [line["log_level"] for line in lines] == ["warning", "error", "error"]
    assert [line["failed_tries"] for line in lines] == [1, 61, 121]


def test_a_password_is_in_no_line() -> None:
    line = without_passwords(
        None, "", {"event": "to redis://:s3cret@h/0", "error": OSError("password=s3cret")}
    )
    assert "s3cret" not in str(line)
    assert without_passwords(None, "", {"event": "x", "n": 1, "none": None}) == {
        "event": "x",
        "n": 1,
        "none": None,
    }


def test_configuring_twice_adds_no_second_handler() -> None:
    for _ in range(2):
        configure_logs(Settings())
    handlers = logging.getLogger("psycopg.pool").handlers
    assert sum(isinstance(handler, OncePerOutage) for handler in handlers) == 1
