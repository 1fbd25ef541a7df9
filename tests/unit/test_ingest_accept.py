"""Accepting: ids and times are frozen, what cannot be is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from uuid import UUID, uuid4

import msgspec
import pytest

from app.ingest.accept import Acceptor
from app.ingest.packing import EVENT_TYPES, PackedEvent, UnreadableEntryError, pack, unpack
from app.ingest.stream import Entry, from_fields, to_fields
from app.ingest.uuid7 import Uuid7Source, millisecond_of
from app.ingest.wire import EventIn

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
NOW_US = round(NOW.timestamp() * 1_000_000)
VIEW = EventIn(type="view", content_id="a")


def accept_one(**changes: object) -> PackedEvent | str:
    acceptor = Acceptor(max_future_seconds=3_600, new_id=Uuid7Source())
    event = msgspec.structs.replace(VIEW, **changes)
    outcome = acceptor.accept([event], now=NOW_US)
    return outcome.accepted[0] if outcome.accepted else outcome.rejected[0].reason


def uuid7_at(moment: datetime) -> UUID:
    return UUID(bytes=Uuid7Source()(round(moment.timestamp() * 1_000)))


def test_an_event_without_id_gets_a_uuid7_and_the_time_of_arrival() -> None:
    event = accept_one()
    assert isinstance(event, PackedEvent)
    assert event.occurred_at == NOW_US
    assert millisecond_of(UUID(bytes=event.event_id)) == NOW_US // 1_000
    assert not event.claims


def test_a_uuid7_without_a_time_brings_its_own() -> None:
    identifier = uuid7_at(NOW - timedelta(days=2))
    event = accept_one(id=identifier)
    assert isinstance(event, PackedEvent)
    assert event.event_id == identifier.bytes
    assert event.occurred_at == NOW_US - 2 * 86_400_000_000
    assert event.claims


def test_another_id_without_a_time_takes_that_of_arrival() -> None:
    event = accept_one(id=uuid4())
    assert isinstance(event, PackedEvent)
    assert event.claims
    assert event.occurred_at == NOW_US


def test_the_time_given_wins_and_keeps_its_microseconds() -> None:
    event = accept_one(id=uuid7_at(NOW), occurred_at=NOW - timedelta(microseconds=1))
    assert isinstance(event, PackedEvent)
    assert event.occurred_at == NOW_US - 1
    assert event.claims


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"occurred_at": NOW + timedelta(hours=2)},
            "occurredAt is 2 h in the future; at most 1 h is allowed",
        ),
        (
            {"occurred_at": datetime(1999, 12, 31, tzinfo=UTC)},
            "occurredAt is before 2000-01-01, the earliest allowed",
        ),
        (
            {"occurred_at": datetime(1, 1, 1, tzinfo=UTC)},
            "occurredAt is before 2000-01-01, the earliest allowed",
        ),
        (
            {"occurred_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23, minutes=59)))},
            "occurredAt is before 2000-01-01, the earliest allowed",
        ),
        (
            {"id": uuid7_at(NOW + timedelta(days=3))},
            "id: the time inside it is 3 d in the future; at most 1 h is allowed",
        ),
        ({"id": UUID(int=0)}, "id: the nil and the max UUID are nobody's own"),
        ({"id": UUID(int=2**128 - 1)}, "id: the nil and the max UUID are nobody's own"),
        ({"seconds": 3.0}, "seconds: only for watch_time"),
        ({"type": "watch_time"}, "seconds: missing"),
    ],
)
def test_what_cannot_be_stored_is_refused(changes: dict[str, object], reason: str) -> None:
    assert accept_one(**changes) == reason


def test_the_last_moment_behind_utc_is_in_the_future() -> None:
    behind = timezone(-timedelta(hours=23, minutes=59))
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=behind)
    assert " d in the future" in str(accept_one(occurred_at=last))


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(hours=1)])
def test_what_is_dated_ahead_has_the_time_at_which_it_came(ahead: timedelta) -> None:
    """So that all readers count it then; up to an hour, which it may also carry in its id."""
    id_of_then = UUID(bytes=Uuid7Source()((NOW_US // 1_000) + ahead // timedelta(milliseconds=1)))
    for event in (accept_one(occurred_at=NOW + ahead), accept_one(id=id_of_then)):
        assert isinstance(event, PackedEvent)
        assert event.occurred_at == NOW_US


def test_metadata_may_be_nested_but_not_without_end() -> None:
    nested: dict[str, object] = {}
    for _ in range(40):
        nested = {"a": [nested]}
    assert accept_one(metadata=nested) == "metadata: nested more than 32 deep"
    flat: dict[str, object] = {str(number): [] for number in range(40)}
    assert isinstance(accept_one(metadata=flat), PackedEvent)


def test_outcomes_keep_their_place_in_the_request() -> None:
    acceptor = Acceptor(max_future_seconds=3_600, new_id=Uuid7Source())
    outcome = acceptor.accept(["no", VIEW, "neither", VIEW], now=NOW_US)
    assert outcome.indexes == [1, 3]
    assert [rejection.index for rejection in outcome.rejected] == [0, 2]


def test_an_id_for_two_things_is_refused_within_a_request() -> None:
    acceptor = Acceptor(max_future_seconds=3_600, new_id=Uuid7Source())
    event = msgspec.structs.replace(VIEW, id=uuid4(), user_id="u")
    others = [
        msgspec.structs.replace(event, **{field: value})
        for field, value in (
            ("content_id", "b"), ("content_type", "film"), ("type", "like"), ("user_id", None),
        )
    ]  # fmt: skip
    outcome = acceptor.accept([event, *others, event], now=NOW_US)
    assert outcome.indexes == [0, 5]
    reason = "id: it was used before, for another type, item or user"
    assert {rejection.reason for rejection in outcome.rejected} == {reason}


def test_uuid7_rises_even_when_the_clock_falls() -> None:
    chance = Random(1)  # noqa: S311
    new_id = Uuid7Source(random_bits=chance.getrandbits, steps=chance)
    ids = [new_id(millisecond) for millisecond in [5, 5, 5, 4, 6, 6, 1] * 500]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    for identifier in (UUID(bytes=data) for data in ids):
        assert identifier.version == 7
        assert identifier.variant == "specified in RFC 4122"


def test_uuid7_runs_over_into_the_next_millisecond() -> None:
    new_id = Uuid7Source(random_bits=lambda bits: (1 << bits) - 1, steps=_Leaps())
    ids = [new_id(7) for _ in range(5)]
    assert ids == sorted(set(ids))
    assert [millisecond_of(UUID(bytes=each)) for each in ids] == [7, 8, 9, 10, 11]


class _Leaps(Random):
    def getrandbits(self, _bits: int) -> int:
        return 1 << 74


def test_only_a_uuid7_holds_a_time() -> None:
    assert millisecond_of(uuid4()) is None
    assert millisecond_of(UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")) == 0x017F22E279B0


def test_packing_gives_back_what_it_got() -> None:
    event = PackedEvent(
        event_id=uuid4().bytes,
        occurred_at=NOW_US,
        content_type="movie",
        content_id="ü",
        type=EVENT_TYPES.index("watch_time"),
        count=3,
        seconds=1.5,
        user_id="u",
        session_id=None,
        metadata=b'{"a":1}',
        claims=True,
    )
    assert unpack(pack([event])) == [event]
    entry = Entry(NOW_US, [event], "request")
    assert from_fields(to_fields(entry)) == entry


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {b"v": b"2", b"r": b"1", b"e": pack([])},
        {b"v": b"1", b"e": pack([])},
        {b"v": b"1", b"r": b"x", b"e": pack([])},
        {b"v": b"1", b"r": b"1", b"e": b"\xc1"},
        {b"v": b"1", b"r": b"1", b"e": msgspec.msgpack.encode([[b"short", 1, "a", "b", 0]])},
        {b"v": b"1", b"r": b"1", b"e": msgspec.msgpack.encode([[b"x" * 16, 1, "a", "b", 99]])},
    ],
)
def test_what_is_no_entry_is_unreadable(fields: dict[bytes, bytes]) -> None:
    with pytest.raises(UnreadableEntryError):
        from_fields(fields)


def test_the_wire_order_of_event_types_is_fixed() -> None:
    assert EVENT_TYPES == (
        "view", "like", "unlike", "comment", "uncomment", "share", "watch_time",
    )  # fmt: skip
