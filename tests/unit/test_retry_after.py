"""`Retry-After` of servers that we call, in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.http.retry_after import seconds_asked

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("Sun, 15 Mar 2026 12:02:00 GMT", 120),
        ("Sunday, 15-Mar-26 12:02:00 GMT", 120),
        ("Sun Mar 15 12:02:00 2026", 120),
        ("Sun, 15 Mar 2026 12:02:00 -0000", 120),
        ("Sun, 15 Mar 2026 14:02:00 +0200", 120),
        ("Sun, 15 Mar 2026 11:00:00 GMT", 0),
    ],
)
def test_both_forms_are_understood(header: str, seconds: float) -> None:
    assert seconds_asked(header, now=NOW) == seconds


@pytest.mark.parametrize(
    "header",
    [
        None, "", "-5", "nan", "inf", "1e9", "soon", "١٢", "9" * 5_000, "1_000",
        "Sun, 99 Mar 2026 12:02:00 GMT", "Sun, 15 Mar 99999999999 12:02:00 GMT", "a" * 60_000,
    ],
)  # fmt: skip
def test_what_is_neither_asks_for_nothing(header: str | None) -> None:
    assert seconds_asked(header, now=NOW) is None
