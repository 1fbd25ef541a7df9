"""Lanes: late events apart, one time bucket a transaction."""

from __future__ import annotations

from collections import defaultdict

import psycopg
import pytest

from app.ingest.faults import Kind, kind_of
from app.ingest.lanes import MAX_QUARTER_LANES, lanes_of, without_duplicates
from app.ingest.packing import PackedEvent
from app.ingest.rows import ReceivedEvent

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = 20_000 * DAY + DAY // 2


def event(number: int, occurred_at: int, *, untimed: bool = False) -> ReceivedEvent:
    packed = PackedEvent(
        event_id=number.to_bytes(16, "big"),
        occurred_at=occurred_at,
        content_type="video",
        content_id="a",
        type=0,
        untimed=untimed,
    )
    return ReceivedEvent(packed, NOON)


def test_newest_events_are_one_lane_and_sorted() -> None:
    events = [event(number, NOON - number * MINUTE) for number in range(50)]
    (lane,) = lanes_of(events, late_before=NOON - HOUR)
    assert lane.events == events[::-1]


def test_late_events_go_by_quarter_hour() -> None:
    on_time = event(1, NOON)
    late = [event(2, NOON - 2 * HOUR), event(3, NOON - 2 * HOUR + MINUTE), event(4, NOON - DAY)]
    lanes = lanes_of([*late, on_time], late_before=NOON - HOUR)
    assert [lane.events for lane in lanes] == [[on_time], [late[2]], late[:2]]


def test_too_many_quarter_hours_go_by_day() -> None:
    late = [event(n, NOON - n * 15 * MINUTE) for n in range(5, MAX_QUARTER_LANES + 10)]
    lanes = lanes_of(late, late_before=NOON - HOUR)
    by_day = defaultdict(list)
    for each in sorted(late, key=lambda each: each.event.occurred_at):
        by_day[each.event.occurred_at // DAY].append(each)
    assert [lane.events for lane in lanes] == list(by_day.values())


def test_ids_without_a_time_have_a_lane_of_their_own() -> None:
    lanes = lanes_of([event(1, NOON), event(2, NOON, untimed=True)], late_before=0)
    assert sorted((lane.untimed, len(lane.events)) for lane in lanes) == [(False, 1), (True, 1)]


def test_duplicates_are_told_by_id_and_time_or_by_id_alone() -> None:
    timed = [event(1, NOON), event(1, NOON), event(1, NOON + 1)]
    untimed = [event(2, NOON, untimed=True), event(2, NOON + 1, untimed=True)]
    assert without_duplicates(timed + untimed) == [timed[0], timed[2], untimed[0]]


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
