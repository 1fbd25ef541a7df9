"""What a load needs: the model behind `groundswell plan` (H1)."""

from __future__ import annotations

import json
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.planning import measured
from app.planning.capacity import Load, distinct, first_full, minute_seconds, parts_of
from tests.docs.reference_page import ROOT

RESULTS = json.loads((ROOT / "bench" / "results.json").read_text())
rates = st.floats(0.01, 100_000)


@pytest.mark.parametrize(
    ("items", "events"), [(1_000, 50), (1_000, 500), (50_000, 9_000), (200, 9_000)]
)
def test_items_with_an_event_are_those_of_a_trial(items: int, events: int) -> None:
    chance = random.Random(3)  # noqa: S311
    tries = [
        len({int(items * chance.random() ** 3) for _ in range(events)})
        for _ in range(max(3, 3_000 // events))
    ]
    assert distinct(items, events) == pytest.approx(sum(tries) / len(tries), rel=0.03)


@given(rates, st.integers(1, 10_000_000), st.floats(1, 20), st.floats(1, 1_000))
def test_more_never_needs_less_and_what_is_full_is_so(
    rate: float, items: int, peak: float, together: float
) -> None:
    load = Load(
        events_per_second=rate, items=items, peak=peak, events_per_request=together, keep_days=90
    )
    more = msgspec.structs.replace(load, events_per_second=2 * rate, items=2 * items)
    for less, part in zip(parts_of(load), parts_of(more), strict=True):
        assert part.needs >= less.needs > 0
    assert distinct(items, rate) <= min(items, rate) * 1.000001
    for part in parts_of(load):
        if part.full_at:
            full = msgspec.structs.replace(load, events_per_second=part.full_at)
            (same,) = [each for each in parts_of(full) if each.part == part.part]
            assert same.needs == pytest.approx(1, rel=0.01)


def test_the_first_that_is_full_is_named() -> None:
    few = Load(events_per_second=100, items=1_000_000)
    many = Load(events_per_second=100, items=1_000)
    assert "minute" in (first_full(parts_of(few)) or parts_of(few)[0]).part
    assert "Redis" in (first_full(parts_of(many)) or parts_of(many)[0]).part
    assert minute_seconds(few, 100) > minute_seconds(many, 100)


@pytest.mark.parametrize(
    ("bench", "figure", "said"),
    [
        ("wal", "wal_bytes_an_event", measured.WAL_BYTES),
        ("wal", "wal_bytes_a_minute", measured.QUIET_WAL_BYTES),
        ("read", "groundswell_requests_a_second", 1 / measured.READ_SECONDS),
        ("stats", "one_requests_a_second", 1 / measured.STATS_SECONDS),
    ],
)
def test_a_constant_is_what_was_measured(bench: str, figure: str, said: float) -> None:
    found = {
        row["measured"][figure]
        for row in RESULTS
        if row["bench"] == bench and figure in row["measured"]
    }
    assert any(said == pytest.approx(each, rel=0.3) for each in found), found
