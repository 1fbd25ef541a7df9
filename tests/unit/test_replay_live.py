import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from app.ingest.wire import EventIn
from app.items.wire import ItemIn
from app.replay.live import Spike, Traffic

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
    evening, _ = minutes(Traffic(ITEMS, rate=20, seed=1), 5)
    morning, _ = minutes(Traffic(ITEMS, rate=20, seed=1), 5, EVENING - timedelta(hours=12))
    assert len(evening) == pytest.approx(5 * 60 * 20 * 1.6, rel=0.1)
    assert len(morning) == pytest.approx(5 * 60 * 20 * 0.4, rel=0.1)


def test_views_are_most_and_all_kinds_occur() -> None:
    events, _ = minutes(Traffic(ITEMS, rate=20, seed=1), 5)
    kinds = Counter(event.type for event in events)
    assert kinds["view"] > kinds["like"] > kinds["comment"] > kinds["unlike"] > 0
    assert kinds["share"]
    assert kinds["watch_time"]
    assert all((event.seconds is not None) == (event.type == "watch_time") for event in events)


def test_few_items_get_most_of_it() -> None:
    events, _ = minutes(Traffic(ITEMS, rate=20, seed=1), 5)
    by_item = Counter(event.content_id for event in events).most_common()
    top = sum(number for _, number in by_item[:10])
    assert top > len(events) / 2


def test_a_spike_lifts_its_item_and_ends() -> None:
    traffic = Traffic(ITEMS, rate=20, seed=1)
    events, spikes = minutes(traffic, 30)
    assert spikes
    spike = spikes[0]
    during = [e for e in events if spike.until - timedelta(minutes=2) <= time_of(e) < spike.until]
    share = sum(e.content_id == spike.item.content_id for e in during) / len(during)
    assert share > 0.3
    assert all(
        later.until - earlier.until >= timedelta(minutes=2)
        for earlier, later in itertools.pairwise(spikes)
    )


def test_ids_are_new_and_times_lie_in_the_second_before() -> None:
    traffic = Traffic(ITEMS, rate=50, seed=1)
    events, _ = traffic.second(EVENING)
    assert len({event.id for event in events}) == len(events)
    assert all(EVENING - timedelta(seconds=1) <= time_of(e) <= EVENING for e in events)
