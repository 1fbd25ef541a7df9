"""Pauses between tries of a webhook."""

from __future__ import annotations

from datetime import timedelta

from app.alerts.backoff import pause_after


def test_twelve_tries_are_about_a_day() -> None:
    pauses = [pause_after(attempt, chance=0.5) for attempt in range(1, 12)]
    assert pauses[:3] == [timedelta(seconds=5), timedelta(seconds=15), timedelta(seconds=45)]
    assert timedelta(hours=20) < sum(pauses, timedelta()) < timedelta(hours=26)


def test_chance_spreads_the_tries() -> None:
    for attempt in (1, 5, 12, 10_000):
        least, mean, most = (pause_after(attempt, chance=chance) for chance in (0, 0.5, 1))
        assert least == mean * 0.8
        assert most == mean * 1.2
