"""The whole replay: read, announce the catalogue, send the events, sum up."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import msgspec

from app.ingest.wire import EventIn
from app.replay.events import Scaling, catalogue_of, events_of
from app.replay.progress import ProgressReport
from app.replay.sender import BATCH, Sender
from app.replay.source import History, read_history
from app.replay.timeline import Timeline


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay, and how time and counts are changed on the way."""

    path: Path
    url: str
    scale: float = 0.001
    """Events sent for one in the file."""
    span: timedelta | None = None
    """Time the file is laid over, ending at `until`; its own length where absent."""
    until: datetime | None = None
    """End of the replayed history; now where absent."""
    duration: timedelta | None = None
    """Play the file from now on in this time instead, each event when it is due."""
    days: int | None = None
    start: date | None = None
    content_type: str = "video"
    seed: int = 1
    patience: float = 120.0
    """Seconds for which the API may be away before the replay gives up."""
    bar: bool = True
    """Whether to show a bar where there is a terminal."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay did."""

    history: History
    items: int
    sent: int
    accepted: int
    counted: dict[str, int]
    """Sum of `count` by event type."""
    rejected: Counter[str]
    seconds: float

    def lines(self) -> list[str]:
        """Return the summary for people, one fact a line."""
        counted = ", ".join(f"{amount:,} {kind}s" for kind, amount in self.counted.items())
        lines = [
            f"{self.items:,} items; {self.accepted:,} of {self.sent:,} events accepted",
            f"together they stand for {counted or 'nothing'}; it took {self.seconds:.1f} s",
            "no shares and no watch time: the file has none",
        ]
        found = self.history
        if found.mended_ids:
            lines.append(f"{found.mended_ids:,} rows with a damaged video_id got one of their own")
        if found.repeated_rows:
            lines.append(f"{found.repeated_rows:,} rows repeat a video on a day; the last counts")
        if found.views_corrected:
            lines.append(f"{found.views_corrected:,} times views had been corrected downwards")
        lines += [f"{amount:,} rejected: {why}" for why, amount in self.rejected.most_common(3)]
        return lines


async def replay(wanted: Replay) -> Summary:
    """Do the replay `wanted`.

    Raises `InputError` for an unusable file and `UnavailableError` when the API stays away.
    """
    history = read_history(wanted.path, days=wanted.days, start=wanted.start)
    begun = time.monotonic()
    timeline, live = _timeline(wanted, history)
    events = list(
        events_of(
            history,
            timeline,
            timeline.live_slots() if live else timeline.history_slots(),
            Scaling(scale=wanted.scale, seed=wanted.seed, content_type=wanted.content_type),
        )
    )
    with ProgressReport("replay", len(events), bar=wanted.bar) as progress:
        async with httpx.AsyncClient(base_url=wanted.url, timeout=30) as client:
            sender = Sender(
                client,
                patience=wanted.patience,
                on_wait=lambda why, pause: progress.note(f"waiting {pause:.1f} s: {why}"),
            )
            items = catalogue_of(history.videos, content_type=wanted.content_type)
            written = await sender.put_items(items)
            accepted, rejected = await _send_all(sender, events, progress, live=live)
    counted: Counter[str] = Counter()
    for event in events:
        counted[event.type] += event.count
    return Summary(
        history=history,
        items=written,
        sent=len(events),
        accepted=accepted,
        counted=dict(counted),
        rejected=rejected,
        seconds=time.monotonic() - begun,
    )


def _timeline(wanted: Replay, history: History) -> tuple[Timeline, bool]:
    now = datetime.now(UTC)
    first, last = history.first, history.last
    if wanted.duration:
        until = now + wanted.duration
        return Timeline.ending(until, wanted.duration, first=first, last=last), True
    span = wanted.span or timedelta(days=history.days)
    return Timeline.ending(wanted.until or now, span, first=first, last=last), False


async def _send_all(
    sender: Sender, events: list[EventIn], progress: ProgressReport, *, live: bool
) -> tuple[int, Counter[str]]:
    accepted = 0
    rejected: Counter[str] = Counter()
    for batch in batches_of(events, longest=1.0 if live else math.inf):
        if live:
            await asyncio.sleep(_seconds_until(batch[-1]))
        outcome = await sender.post_events(batch)
        accepted += outcome.accepted
        rejected.update(fault.reason for fault in outcome.rejected)
        progress.advance(len(batch))
    return accepted, rejected


def batches_of(events: Iterable[EventIn], *, longest: float) -> Iterator[list[EventIn]]:
    """Cut events, sorted by time, into requests of at most `BATCH` and `longest` seconds."""
    batch: list[EventIn] = []
    for event in events:
        if batch and (len(batch) == BATCH or _apart(batch[0], event) > longest):
            yield batch
            batch = []
        batch.append(event)
    if batch:
        yield batch


def _apart(first: EventIn, last: EventIn) -> float:
    if first.occurred_at is None or last.occurred_at is None:
        return 0.0
    return (last.occurred_at - first.occurred_at).total_seconds()


def _seconds_until(event: EventIn) -> float:
    if event.occurred_at is None:
        return 0.0
    return max((event.occurred_at - datetime.now(UTC)).total_seconds(), 0.0)
