"""Pauses between tries."""

from __future__ import annotations

from functools import partial

from app.alerts.deliverer import RETRIES
from app.runtime.backoff import Backoff


def test_twelve_tries_of_a_webhook_are_about_a_day() -> None:
    pauses = [RETRIES.pause(tries, chance=lambda: 0.5) for tries in range(1, 12)]
    assert pauses[:3] == [5, 15, 45]
    assert 20 * 3_600 < sum(pauses) < 26 * 3_600


def test_chance_spreads_the_tries() -> None:
    backoff = Backoff(shortest=1, longest=100)
    for tries in (1, 5, 12, 10_000):
        least, mean, most = (
            backoff.pause(tries, chance=partial(float, chance)) for chance in (0, 0.5, 1)
        )
        assert least == mean * 0.8
        assert most == mean * 1.2


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(shortest=0.25, longest=5)
    pauses = [backoff.pause(tries, chance=lambda: 0.5) for tries in range(1, 8)]
    assert pauses == [0.25, 0.5, 1, 2, 4, 5, 5]
