import math
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.wire import EventIn
from app.replay.events import Scaling, catalogue_of, events_of, uuid7_of
from app.replay.run import batches_of
from app.replay.sender import BATCH
from app.replay.source import Change, History, Video
from app.replay.timeline import Timeline

UNTIL = datetime(2026, 7, 30, 12, tzinfo=UTC)
FIRST_DAY = date(2017, 10, 8)


def history_of_changes(*differences: tuple[int, int, int], days: int = 1) -> History:
    """One video whose totals differ by these views, likes and comments from day to day."""
    changes = [
        Change(
            video_id="aaaaaaaaaaa",
            since=FIRST_DAY + timedelta(days=day * days),
            until=FIRST_DAY + timedelta(days=(day + 1) * days),
            views=views,
            likes=likes,
            comments=comments,
        )
        for day, (views, likes, comments) in enumerate(differences)
    ]
    return History(
        first=FIRST_DAY,
        last=changes[-1].until,
        videos=[Video(video_id="aaaaaaaaaaa", title="T", channel="C", category="Music")],
        changes=changes,
        mended_ids=0,
        repeated_rows=0,
        views_corrected=0,
    )


def events_from(
    history: History, *, scale: float = 1.0, seed: int = 1, span: timedelta | None = None
) -> list[EventIn]:
    span = span or timedelta(days=history.days)
    timeline = Timeline.ending(UNTIL, span, first=history.first, last=history.last)
    return list(
        events_of(history, timeline, timeline.history_slots(), Scaling(scale=scale, seed=seed))
    )


def time_of(event: EventIn) -> datetime:
    assert event.occurred_at is not None
    return event.occurred_at


def totals_of(events: Iterable[EventIn]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for event in events:
        totals[event.type] += event.count
    return totals


@given(
    views=st.integers(0, 10_000_000),
    scale=st.sampled_from([1.0, 0.1, 0.001]),
    seed=st.integers(0, 99),
)
def test_scaled_counts_keep_their_sum_but_for_rounding(views: int, scale: float, seed: int) -> None:
    events = events_from(history_of_changes((views, 0, 0), (views, 0, 0)), scale=scale, seed=seed)
    slots = 40
    assert abs(totals_of(events)["view"] - 2 * views * scale) <= slots


def test_rounding_is_right_on_average() -> None:
    changes = history_of_changes(*[(1_000, 0, 0)] * 30)
    total = sum(
        totals_of(events_from(changes, scale=0.001, seed=seed))["view"] for seed in range(20)
    )
    assert total == pytest.approx(600, rel=0.15)


def test_times_are_sorted_and_lie_inside_the_span() -> None:
    events = events_from(history_of_changes(*[(5_000, 500, 50)] * 13), span=timedelta(days=30))
    times = [time_of(event) for event in events]
    assert times == sorted(times)
    assert UNTIL - timedelta(days=30) <= times[0]
    assert times[-1] < UNTIL


def test_the_same_seed_gives_the_same_events_and_another_seed_others() -> None:
    history = history_of_changes((5_000, 500, 50))
    assert events_from(history, seed=7) == events_from(history, seed=7)
    ids = {event.id for event in events_from(history, seed=7)}
    assert not ids & {event.id for event in events_from(history, seed=8)}


def test_ids_are_uuid7_of_the_event_s_time_and_differ() -> None:
    events = events_from(history_of_changes((50_000, 500, 50)))
    assert len({event.id for event in events}) == len(events)
    for event in events:
        assert event.id is not None
        assert event.id.version == 7
        assert event.id.int >> 80 == round(time_of(event).timestamp() * 1_000)


def test_likes_and_comments_that_were_taken_back_are_unlikes_and_uncomments() -> None:
    totals = totals_of(events_from(history_of_changes((0, 1_000, 100), (0, -400, -30))))
    assert totals["unlike"] == pytest.approx(400, abs=30)
    assert totals["uncomment"] == pytest.approx(30, abs=30)


def test_nothing_is_taken_back_that_was_not_sent() -> None:
    totals = totals_of(events_from(history_of_changes((0, 100, 0), (0, -5_000, -10))))
    assert totals["unlike"] <= totals["like"]
    assert totals["uncomment"] == 0


def test_at_no_moment_more_was_taken_back_than_given() -> None:
    """Totals that rise and fall from day to day, squeezed into minutes: many changes a slot."""
    history = history_of_changes(*[(5, 300, 40), (0, -250, -39)] * 8)
    for span in (timedelta(days=16), timedelta(minutes=20)):
        net: Counter[str] = Counter()
        for event in events_from(history, span=span):
            kind = event.type.removeprefix("un")
            net[kind] += event.count if kind == event.type else -event.count
            assert net[kind] >= 0
        assert net["like"] > 0


def test_a_month_of_the_sample_s_size_stays_a_bounded_number_of_events() -> None:
    changes = history_of_changes(*[(5_000_000, 50_000, 5_000)] * 13)
    one_item = events_from(changes, span=timedelta(days=30))
    assert len(one_item) <= 3 * 160


def test_the_catalogue_has_every_video() -> None:
    (item,) = catalogue_of(history_of_changes((1, 0, 0)).videos, content_type="video")
    assert (item.title, item.creator, item.category) == ("T", "C", "Music")


@given(milliseconds=st.integers(0, 2**48 - 1), entropy=st.binary(min_size=10, max_size=10))
def test_uuid7_has_version_variant_and_time(milliseconds: int, entropy: bytes) -> None:
    made = uuid7_of(milliseconds, entropy)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == milliseconds


def test_requests_hold_at_most_a_batch_and_a_stretch_of_time() -> None:
    events = events_from(history_of_changes(*[(5_000, 500, 50)] * 13), span=timedelta(days=30))
    assert [event for batch in batches_of(events, longest=math.inf) for event in batch] == events
    assert all(len(batch) <= BATCH for batch in batches_of(events * 20, longest=math.inf))
    for batch in batches_of(events, longest=3_600.0):
        assert time_of(batch[-1]) - time_of(batch[0]) <= timedelta(hours=1)
