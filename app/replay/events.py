"""Turns day-to-day changes into events: scaled, rounded at random, the same for the same seed."""

from __future__ import annotations

import hashlib
from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from app.http.wire import id_text
from app.ingest.wire import EventIn, EventType
from app.items.wire import ItemIn
from app.replay.source import Change, History, Video
from app.replay.timeline import Slot, Timeline

_SIGNED: dict[str, tuple[EventType, EventType | None]] = {
    "views": ("view", None),
    "likes": ("like", "unlike"),
    "comments": ("comment", "uncomment"),
}
_UNIT = 2.0**64


class Scaling(msgspec.Struct, frozen=True, kw_only=True):
    """How the file's numbers become events."""

    scale: float
    """Events sent for one in the file."""
    seed: int
    content_type: str = "video"


class _Draw(msgspec.Struct, frozen=True, kw_only=True):
    """Chance, decided by the seed and what it is drawn for alone."""

    rounding: float
    """In [0, 1): added before a number is cut to a whole one, it keeps sums right on average."""
    event_id: UUID
    occurred_at: datetime


def catalogue_of(videos: Iterable[Video], *, content_type: str) -> list[ItemIn]:
    """Return the catalogue entries of `videos`."""
    return [
        ItemIn(
            content_id=video.video_id,
            content_type=content_type,
            title=video.title or msgspec.UNSET,
            category=video.category or msgspec.UNSET,
            creator=video.channel or msgspec.UNSET,
        )
        for video in videos
    ]


def events_of(
    history: History, timeline: Timeline, slots: Iterable[Slot], scaling: Scaling
) -> Iterator[EventIn]:
    """Yield the events of `history`, slot by slot, sorted by time within each.

    One event stands for all of its kind, item and slot (`count`). Ids and times depend on the seed,
    the slot and the item alone: sending the same replay twice counts once. Likes and comments are
    never taken back beyond what was sent before, since the baseline day was not.
    """
    sent: Counter[tuple[str, str]] = Counter()
    for slot, changes in _overlapping(history.changes, timeline, slots):
        batch: list[EventIn] = []
        for change in changes:
            begin, end = timeline.at(change.since), timeline.at(change.until)
            within = timeline.weight(max(begin, slot.begin), min(end, slot.end))
            share = scaling.scale * within / timeline.weight(begin, end)
            for metric, difference in _differences(change):
                draw = _draw(scaling.seed, slot, change, metric)
                amount = int(abs(difference) * share + draw.rounding)
                given, taken = _SIGNED[metric]
                kind = taken if difference < 0 and taken else given
                if amount:
                    batch.append(_event(change, scaling, kind=kind, amount=amount, draw=draw))
        yield from _covered(sorted(batch, key=_moment), sent)


def _covered(events: Iterable[EventIn], sent: Counter[tuple[str, str]]) -> Iterator[EventIn]:
    """Yield events, sorted by time, without what takes back more than was `sent` before."""
    for event in events:
        metric = event.type.removeprefix("un")
        known = sent[id_text(event.content_id), metric]
        amount = event.count if event.type == metric else -min(event.count, known)
        if amount:
            sent[id_text(event.content_id), metric] += amount
            yield msgspec.structs.replace(event, count=abs(amount))


def _differences(change: Change) -> Iterator[tuple[str, int]]:
    for metric, difference in (
        ("views", change.views),
        ("likes", change.likes),
        ("comments", change.comments),
    ):
        if difference:
            yield metric, difference


def _overlapping(
    changes: Iterable[Change], timeline: Timeline, slots: Iterable[Slot]
) -> Iterator[tuple[Slot, list[Change]]]:
    """Pair every slot with the changes that overlap it; both lists are walked once."""
    waiting = sorted(changes, key=lambda change: change.since, reverse=True)
    active: list[Change] = []
    for slot in slots:
        active = [change for change in active if timeline.at(change.until) > slot.begin]
        while waiting and timeline.at(waiting[-1].since) < slot.end:
            change = waiting.pop()
            if timeline.at(change.until) > slot.begin:
                insort(active, change, key=lambda found: (found.until, found.video_id))
        yield slot, active


def _draw(seed: int, slot: Slot, change: Change, metric: str) -> _Draw:
    name = f"{seed}/{slot.begin!r}/{change.video_id}/{change.until}/{metric}"
    digest = hashlib.blake2b(name.encode(), digest_size=26).digest()
    moment = slot.first + int.from_bytes(digest[8:16]) / _UNIT * (slot.last - slot.first)
    milliseconds = int(moment * 1_000)
    return _Draw(
        rounding=int.from_bytes(digest[:8]) / _UNIT,
        event_id=uuid7_of(milliseconds, digest[16:]),
        occurred_at=datetime.fromtimestamp(milliseconds / 1_000, UTC),
    )


def _event(
    change: Change, scaling: Scaling, *, kind: EventType, amount: int, draw: _Draw
) -> EventIn:
    return EventIn(
        id=draw.event_id,
        type=kind,
        content_id=change.video_id,
        content_type=scaling.content_type,
        occurred_at=draw.occurred_at,
        count=amount,
    )


def _moment(event: EventIn) -> datetime:
    return event.occurred_at or datetime.min.replace(tzinfo=UTC)


def uuid7_of(milliseconds: int, entropy: bytes) -> UUID:
    """Return the UUIDv7 (RFC 9562) of a time in epoch milliseconds and ten given bytes."""
    rand_a = int.from_bytes(entropy[:2]) & 0xFFF
    rand_b = int.from_bytes(entropy[2:10]) & (2**62 - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)
