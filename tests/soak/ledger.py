"""What the soak was told of each event: the side of the promise that the callers hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.soak.events import Sent


@dataclass
class Ledger:
    """Events by their `ref`; every event is in at most one of the three."""

    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Must be stored exactly once, as sent."""
    unsure: set[str] = field(default_factory=set)
    """Their answer was lost and they may not be repeated: may be stored, once."""
    refused: set[str] = field(default_factory=set)
    """Bad: must not be stored."""
    gone: dict[str, tuple[str, int, float | None]] = field(default_factory=dict)
    """Stored, counted, and dropped by a DBA: type, count and seconds of each."""
    wrong_answers: list[str] = field(default_factory=list)
    """Answers that no fault explains."""

    def note(self, sent: Sent) -> None:
        """Take down that an answer said what was to be expected of this event."""
        if sent.bad:
            self.refused.add(sent.ref)
        else:
            self.acknowledged[sent.ref] = sent.body
            self.unsure.discard(sent.ref)
