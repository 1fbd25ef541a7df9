"""The messages: JSON values, and headers that make each a CloudEvent in binary form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID, uuid5

import msgspec

from app.sink.queries import Event, Place

SOURCE = "groundswell"
NAMESPACE = UUID("0e7ab0d6-3a86-5d0f-8e3c-6c2f9a1d7b44")
"""Of the ids of changes in lists. Never to be changed: readers know by them what comes again."""


class Outgoing(NamedTuple):
    """A message to be published."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class EventOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An accepted event."""

    id: UUID
    type: str
    content_id: str
    content_type: str
    occurred_at: datetime
    received_at: datetime
    count: int
    counted: bool
    """False: it is kept, and in no count."""
    uncounted_because: str | None = None
    seconds: float | None = None
    user_id: str | None = None
    session_id: str | None = None
    metadata: msgspec.Raw | None = None


class ChangeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A change in a list, from the run before to this one."""

    change: Literal["entered", "left", "moved"]
    ranking: str
    window: str
    segment: str
    content_id: str
    content_type: str
    rank: int | None
    """Null: it has left."""
    previous_rank: int | None
    """Null: it was not there."""
    score: float | None
    run_id: int
    previous_run_id: int | None
    """Null: all before is void, the list begins with this run."""
    as_of: datetime


def event_message(event: Event) -> Outgoing:
    """Return the message of an event."""
    out = EventOut(
        id=event.event_id,
        type=event.event_type,
        content_id=event.content_id,
        content_type=event.content_type,
        occurred_at=event.occurred_at,
        received_at=event.received_at,
        count=event.count,
        counted=event.counted,
        uncounted_because=event.uncounted_because,
        seconds=event.seconds,
        user_id=event.user_id,
        session_id=event.session_id,
        metadata=None if event.metadata is None else msgspec.Raw(event.metadata.encode()),
    )
    return _message(
        out,
        (event.content_type, event.content_id),
        event_id=event.event_id,
        kind=f"event.{event.event_type}",
        time=event.occurred_at,
    )


def change_messages(changes: Iterable[ChangeOut]) -> list[Outgoing]:
    """Return the messages of changes in lists; each has the same id whenever it is made."""
    return [
        _message(
            change,
            (change.content_type, change.content_id),
            event_id=uuid5(
                NAMESPACE,
                "\0".join(
                    (
                        f"{change.run_id}/{change.previous_run_id}/{change.as_of.isoformat()}",
                        change.ranking,
                        change.segment,
                        change.content_type,
                        change.content_id,
                    )
                ),
            ),
            kind=f"ranking.{change.change}",
            time=change.as_of,
        )
        for change in changes
    ]


def changes_between(
    before: list[Place], after: list[Place], *, run_id: int, previous_run_id: int | None
) -> Iterator[ChangeOut]:
    """Yield what differs between the lists of two runs of a ranking: first who has left."""
    old, new = (
        {(p.segment, p.content_type, p.content_id): p for p in each} for each in (before, after)
    )
    run = next(iter([*after, *before]), None)
    if run is None:
        return
    gone = [(place, None) for key, place in old.items() if key not in new]
    for was, place in [*gone, *((old.get(key), place) for key, place in new.items())]:
        known = place or was
        assert known is not None  # noqa: S101 - one of both is there
        if was is not None and place is not None and was.rank == place.rank:
            continue
        yield ChangeOut(
            change="left" if place is None else "entered" if was is None else "moved",
            ranking=run.ranking,
            window=run.window,
            segment=known.segment,
            content_id=known.content_id,
            content_type=known.content_type,
            rank=None if place is None else place.rank,
            previous_rank=None if was is None else was.rank,
            score=None if place is None else place.score,
            run_id=run_id,
            previous_run_id=previous_run_id,
            as_of=run.as_of,
        )


def _message(
    out: EventOut | ChangeOut, item: tuple[str, str], *, event_id: UUID, kind: str, time: datetime
) -> Outgoing:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(event_id),
        "ce_source": SOURCE,
        "ce_type": f"{SOURCE}.{kind}",
        "ce_time": time.isoformat().replace("+00:00", "Z"),
        "content-type": "application/json",
    }
    return Outgoing(
        "/".join(item).encode(),
        msgspec.json.encode(out),
        [(name, value.encode()) for name, value in headers.items()],
    )
