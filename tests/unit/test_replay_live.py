import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from app.ingest.wire import EventIn
from app.items.wire import ItemIn
from app.replay.live import FIRST_SPIKE, SPIKE_SECONDS, Spike, Traffic

EVENING = datetime(2026, 7, 30, 19, tzinfo=UTC)
ITEMS = [ItemIn(content_id=f"item-{number}", title=f"Title {number}") for number in range(50)]


def minutes(
    traffic: Traffic, number: int, start: datetime = EVENING
) -> tuple[list[EventIn], list[Spike]]:
    events, spikes = [], []
    for second in range(60 * number):
        made, spike = traffic.second(start + timedelta(seconds=second))
        events += made
        spikes += [spike] if spike else []
    return events, spikes


def time_of(event: EventIn) -> datetime:
    assert event.occurred_at is not None
    return event.occurred_at


def test_the_same_seed_makes_the_same_traffic() -> None:
    first, _ = minutes(Traffic(ITEMS, rate=5, seed=3), 1)
    again, _ = minutes(Traffic(ITEMS, rate=5, seed=3), 1)
    assert first == again


def test_the_rate_follows_the_daily_curve() -> None:
    evening, _ = minutes(Traffic(ITEMS, rate=20, seed=1), 1, EVENING)
    morning, _ = minutes(Traffic(ITEMS, rate=20, seed=1), 1, EVENING - timedelta(hours=12))
    evening, morning = [before_spike(events) for events in (evening, morning)]
    assert len(evening) == pytest.approx(40 * 20 * 1.6, rel=0.15)
    assert len(morning) == pytest.approx(40 * 20 * 0.4, rel=0.15)


def before_spike(events: list[EventIn]) -> list[EventIn]:
    first = min(time_of(event) for event in events)
    return [
        event
        for event in events
        if event.type == "view" and time_of(event) < first + timedelta(seconds=FIRST_SPIKE)
    ]


def test_all_kinds_occur_and_nobody_likes_what_nobody_views() -> None:
    events, _ = minutes(Traffic(ITEMS, rate=20, seed=1), 5)
    kinds = Counter[str]()
    by_item: dict[object, Counter[str]] = {}
    for event in sorted(events, key=time_of):
        kinds[event.type] += event.count
        seen = by_item.setdefault(event.content_id, Counter())
        seen[event.type] += event.count
        assert seen["unlike"] <= seen["like"] <= seen["view"]
        assert max(seen["share"], seen["comment"], seen["watch_time"]) <= seen["view"]
        assert event.count >= 1
        assert (event.seconds is not None) == (event.type == "watch_time")
    assert kinds["view"] > kinds["like"] > kinds["share"] > kinds["unlike"] > 0
    assert kinds["comment"]


def test_few_items_get_most_of_it() -> None:
    events, _ = minutes(Traffic(ITEMS, rate=20, seed=1), 1)
    by_item = Counter(event.content_id for event in before_spike(events)).most_common()
    top = sum(number for _, number in by_item[:10])
    assert top > sum(number for _, number in by_item) / 2


def test_a_spike_comes_soon_climbs_and_ends() -> None:
    traffic = Traffic(ITEMS, rate=20, seed=1)
    events, spikes = minutes(traffic, 30)
    spike = spikes[0]
    assert spike.since - EVENING == timedelta(seconds=FIRST_SPIKE)
    assert spike.until - spike.since == timedelta(seconds=SPIKE_SECONDS)
    by_minute = Counter[int]()
    for event in events:
        if event.content_id == spike.item.content_id and event.type == "view":
            by_minute[int((time_of(event) - spike.since).total_seconds() // 60)] += event.count
    assert by_minute[0] * 3 < by_minute[1]
    assert by_minute[3] * 3 < by_minute[2]
    everything = sum(event.count for event in before_spike(events))
    assert by_minute[1] > 3 * everything
    assert by_minute[5] < by_minute[1] / 20
    assert len(spikes) > 1
    assert all(
        later.since - earlier.until >= timedelta(minutes=4)
        for earlier, later in itertools.pairwise(spikes)
    )


def test_ids_are_new_and_times_lie_in_the_second_before() -> None:
    traffic = Traffic(ITEMS, rate=50, seed=1)
    events, _ = traffic.second(EVENING)
    assert len({event.id for event in events}) == len(events)
    assert all(EVENING - timedelta(seconds=1) <= time_of(e) <= EVENING for e in events)
