import itertools
import math
from datetime import UTC, date, datetime, timedelta

import pytest

from app.replay.timeline import DAY, Timeline, daily_curve

UNTIL = datetime(2026, 7, 30, 12, 34, 56, tzinfo=UTC)


def timeline_of(span: timedelta, days: int = 13) -> Timeline:
    first = date(2017, 10, 8)
    return Timeline.ending(UNTIL, span, first=first, last=first + timedelta(days=days))


def test_the_first_and_the_last_day_fall_on_the_ends_of_the_span() -> None:
    timeline = timeline_of(timedelta(days=30))
    assert timeline.at(timeline.last) == UNTIL.timestamp()
    assert timeline.at(timeline.first) == (UNTIL - timedelta(days=30)).timestamp()


@pytest.mark.parametrize("span", [timedelta(hours=3), timedelta(days=13), timedelta(days=400)])
def test_history_slots_cover_the_span_without_gap_or_overlap(span: timedelta) -> None:
    timeline = timeline_of(span)
    slots = list(timeline.history_slots())
    assert slots[0].begin == timeline.begin
    assert slots[-1].end == pytest.approx(timeline.end)
    assert all(earlier.end == later.begin for earlier, later in itertools.pairwise(slots))
    assert all(slot.begin <= slot.first <= slot.last <= slot.end for slot in slots)


def test_the_events_of_a_slot_fall_into_one_quarter_of_an_hour() -> None:
    for slot in timeline_of(timedelta(days=30)).history_slots():
        assert slot.first // 900 == math.ceil(slot.last / 900) - 1


def test_old_history_has_few_slots_and_the_last_hours_have_many() -> None:
    slots = list(timeline_of(timedelta(days=30)).history_slots())
    end = slots[-1].end
    assert len(slots) < 160
    assert sum(slot.begin >= end - 3_600 for slot in slots) >= 12


@pytest.mark.parametrize("span", [timedelta(minutes=10), timedelta(days=13), timedelta(days=30)])
def test_the_weights_of_all_slots_sum_up_to_the_whole(span: timedelta) -> None:
    timeline = timeline_of(span)
    total = sum(timeline.weight(slot.begin, slot.end) for slot in timeline.history_slots())
    assert total == pytest.approx(timeline.weight(timeline.begin, timeline.end))


def test_an_evening_hour_weighs_more_than_a_morning_hour() -> None:
    timeline = timeline_of(timedelta(days=30))
    midnight = datetime(2026, 7, 20, tzinfo=UTC).timestamp()
    evening = timeline.weight(midnight + 18.5 * 3_600, midnight + 19.5 * 3_600)
    morning = timeline.weight(midnight + 6.5 * 3_600, midnight + 7.5 * 3_600)
    assert evening / morning == pytest.approx(4, rel=0.02)


def test_a_compressed_day_has_its_own_curve() -> None:
    timeline = timeline_of(timedelta(minutes=13))
    minute = timeline.weight(timeline.begin, timeline.begin + 60)
    assert minute == pytest.approx(60)
    quarters = [
        timeline.weight(timeline.begin + start, timeline.begin + start + 15)
        for start in (0, 15, 30, 45)
    ]
    assert quarters.index(max(quarters)) == 3


def test_live_slots_are_a_second_long() -> None:
    slots = list(timeline_of(timedelta(seconds=90)).live_slots())
    assert len(slots) == 90
    assert all(slot.end - slot.begin == pytest.approx(1, abs=1e-3) for slot in slots)


def test_the_daily_curve_has_a_mean_of_one() -> None:
    moments = [UNTIL + timedelta(seconds=DAY * step / 96) for step in range(96)]
    assert sum(map(daily_curve, moments)) / 96 == pytest.approx(1)
