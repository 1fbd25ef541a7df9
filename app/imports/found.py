"""What was found in a file, or became of it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import msgspec

from app.imports.formats import Format
from app.imports.load import Batch
from app.ingest.packing import EVENT_TYPES
from app.runtime.moments import moment_of

MOST_REASONS = 1_000
_MORE = "more reasons than are told apart"


class LeftOut(msgspec.Struct, kw_only=True):
    """Lines that came to nothing for the same reason."""

    first: int
    """The first of them."""
    lines: int = 0


class Found(msgspec.Struct, kw_only=True):
    """What is in a file, or became of it."""

    path: Path
    kind: Format
    lines: int = 0
    events: int = 0
    """Events that can be taken; of those imported, all that were in the file."""
    duplicates: int = 0
    """Events that were recorded before."""
    rejected: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None
    is_done: bool = False
    """Whether all of it had been imported before."""
    items: set[tuple[str, str]] = msgspec.field(default_factory=set)
    """Types and ids."""
    types: Counter[str] = msgspec.field(default_factory=Counter)
    """What the events of each type stand for."""
    uncounted: int = 0
    """Events that are kept but not counted, such as a bot's."""
    left_out: dict[str, LeftOut] = msgspec.field(default_factory=dict)
    """By the reason: lines that are no event though they should be, and those that need not. At
    most MOST_REASONS, and one for all others."""

    def note(self, line: int, reason: str) -> None:
        """Count a line that is left out."""
        if len(self.left_out) >= MOST_REASONS and reason not in self.left_out:
            reason = _MORE
        known = self.left_out.setdefault(reason, LeftOut(first=line))
        known.lines += 1
        self.lines = max(self.lines, line)

    def add(self, batch: Batch) -> None:
        """Count what is in some lines."""
        for event, _ in batch.events:
            self.items.add((event.content_type, event.content_id))
            self.types[EVENT_TYPES[event.type]] += event.count
            self.uncounted += event.uncounted_because is not None
        moments = [event.occurred_at for event, _ in batch.events]
        if moments:
            first, last = moment_of(min(moments)), moment_of(max(moments))
            self.earliest = min(self.earliest or first, first)
            self.latest = max(self.latest or last, last)
        self.events += len(batch.events)
        self.rejected += batch.rejected
        self.lines = max(self.lines, batch.line)
