"""The demo's past is the same for the same end, and nothing in it is absurd."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from app.dev.history import GUEST, SPAN, first_history, more_history
from app.dev.titles import Shown, read_shown
from app.ingest.wire import EventIn

UNTIL = datetime(2026, 3, 15, 12, 34, 56, tzinfo=UTC)


@pytest.fixture(scope="module")
def shown() -> Shown:
    return read_shown()


@pytest.fixture(scope="module")
def events(shown: Shown) -> list[EventIn]:
    return first_history(shown, UNTIL)


def time_of(event: EventIn) -> datetime:
    assert event.occurred_at is not None
    return event.occurred_at


def views_since(events: list[EventIn], age: timedelta) -> Counter[str]:
    found = Counter[str]()
    for event in events:
        if event.type == "view" and time_of(event) > UNTIL - age:
            found[event.content_type] += event.count
    return found


def test_the_catalogue_has_what_each_daily_list_is_made_of(shown: Shown) -> None:
    rated = Counter(item.content_type for item in shown.titles if item.attributes)
    assert min(rated[kind] for kind in ("movie", "tv", "anime")) >= 20
    assert len({(item.content_type, item.content_id) for item in shown.items}) == len(shown.items)
    assert all(item.title and item.category and item.creator for item in shown.titles)


def test_it_is_the_same_each_time(shown: Shown, events: list[EventIn]) -> None:
    assert first_history(shown, UNTIL) == events


def test_it_has_everything_in_order_and_in_time(events: list[EventIn]) -> None:
    assert {event.type for event in events} == {"view", "like", "comment", "share", "watch_time"}
    times = [time_of(event) for event in events]
    assert times == sorted(times)
    assert times[0] >= UNTIL - SPAN
    assert times[-1] <= UNTIL
    assert len({event.id for event in events}) == len(events)
    for age in (timedelta(hours=1), timedelta(days=1), timedelta(days=7)):
        assert set(views_since(events, age)) == {"video", "movie", "tv", "anime"}


def test_no_item_has_more_likes_than_views(events: list[EventIn]) -> None:
    by_item: dict[tuple[str, object], Counter[str]] = {}
    for event in events:
        assert event.count >= 1
        seen = by_item.setdefault((event.content_type, event.content_id), Counter())
        seen[event.type] += event.count
    for seen in by_item.values():
        # The sample's totals are of the whole world, likes of videos from before it, too.
        assert seen["like"] + seen["comment"] <= seen["view"]
        assert max(seen["share"], seen["watch_time"]) <= seen["view"]


def test_the_guest_has_a_past(events: list[EventIn]) -> None:
    visits = [event for event in events if event.user_id == GUEST]
    assert len({event.content_id for event in visits if event.type == "view"}) >= 10


def test_a_pause_is_filled_in_as_live_traffic_would_have_been(shown: Shown) -> None:
    since = UNTIL - timedelta(hours=9)
    events = more_history(shown, since, UNTIL)
    assert events == more_history(shown, since, UNTIL)
    assert all(since <= time_of(event) <= UNTIL for event in events)
    views = sum(event.count for event in events if event.type == "view")
    assert views == pytest.approx(10 * 9 * 3_600, rel=0.7)  # the curve of the day
    assert time_of(more_history(shown, UNTIL - timedelta(days=90), UNTIL)[0]) >= UNTIL - SPAN
