"""Lanes: late events apart, so that no transaction spans time in which nothing happened."""

from __future__ import annotations

import psycopg
import pytest

from app.ingest.faults import Kind, kind_of
from app.ingest.lanes import MAX_LATE_LANES, lanes_of
from app.ingest.packing import PackedEvent
from app.ingest.rows import ReceivedEvent

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = 20_000 * DAY + DAY // 2


def event(number: int, occurred_at: int) -> ReceivedEvent:
    packed = PackedEvent(
        event_id=number.to_bytes(16, "big"),
        occurred_at=occurred_at,
        content_type="video",
        content_id="a",
        type=0,
    )
    return ReceivedEvent(packed, NOON)


def test_newest_events_are_one_lane_and_sorted() -> None:
    events = [event(number, NOON - number * MINUTE) for number in range(50)]
    (lane,) = lanes_of(events, late_before=NOON - HOUR)
    assert lane.events == events[::-1]


def test_late_events_are_cut_where_nothing_happened() -> None:
    on_time = event(1, NOON)
    late = [event(2, NOON - 2 * HOUR), event(3, NOON - 2 * HOUR + MINUTE), event(4, NOON - DAY)]
    lanes = lanes_of([*late, on_time], late_before=NOON - HOUR)
    assert [lane.events for lane in lanes] == [[on_time], [late[2]], late[:2]]


def test_dense_history_is_one_lane() -> None:
    late = [event(n, NOON - 2 * DAY + n * 14 * MINUTE) for n in range(100)]
    (lane,) = lanes_of(late[::-1], late_before=NOON - HOUR)
    assert lane.events == late


def test_a_batch_is_cut_into_so_many_lanes_only_at_its_widest_gaps() -> None:
    hourly = [event(n, NOON - 100 * DAY + n * HOUR) for n in range(MAX_LATE_LANES)]
    later = [event(1_000 + n, NOON - 50 * DAY + n * DAY) for n in range(10)]
    lanes = lanes_of(hourly + later, late_before=NOON - HOUR)
    assert len(lanes) == MAX_LATE_LANES
    assert [lane.events for lane in lanes[-10:]] == [[each] for each in later]
    assert [each for lane in lanes for each in lane.events] == hourly + later


def test_what_has_the_id_of_another_is_left_out() -> None:
    events = [event(1, NOON), event(1, NOON), event(2, NOON - 2 * DAY), event(1, NOON + 1)]
    lanes = lanes_of(events, late_before=NOON - HOUR)
    assert [lane.events for lane in lanes] == [[events[0]], [events[2]]]
    assert lanes[0].events[0] is events[0], "the first of the same"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.errors.InvalidTextRepresentation(), Kind.EVENT),
        (psycopg.errors.CheckViolation(), Kind.EVENT),
        (psycopg.errors.UndefinedTable(), Kind.DATABASE),
        (psycopg.errors.InsufficientPrivilege(), Kind.DATABASE),
        (psycopg.errors.DiskFull(), Kind.DATABASE),
        (psycopg.errors.AdminShutdown(), Kind.DATABASE),
        (psycopg.errors.ConfigurationLimitExceeded(), Kind.UNSURE),
        (psycopg.errors.DeadlockDetected(), Kind.UNSURE),
        (psycopg.OperationalError("server closed the connection"), Kind.UNSURE),
    ],
)
def test_only_what_an_event_can_cause_is_its_fault(error: Exception, kind: Kind) -> None:
    assert kind_of(error) is kind
