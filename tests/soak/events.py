"""Make the events that the soak sends: every kind of id and time, some that must be refused."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.ingest.uuid7 import Uuid7Source

ITEMS = 200
_TYPES = ("view",) * 8 + ("like", "like", "unlike", "comment", "uncomment", "share", "watch_time")
_BAD = (
    {"type": "stare"},
    {"count": 0},
    {"id": "no-uuid"},
    {"seconds": 3},
    {"occurredAt": "yesterday"},
    {"occurredAt": "2999-01-01T00:00:00Z"},
    {"metadata": {"nul": "\0"}},
    {"surprise": True},
)


@dataclass(frozen=True)
class Sent:
    """An event as it is sent, and what is known of it beforehand."""

    ref: str
    """Its `userId`, unique, by which it is found in the database."""
    body: dict[str, Any]
    bad: bool
    at: float = 0.0
    """When it happened, as it says, in seconds since 1970; 0: when it comes."""

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again: without an id, a second time is a second event."""
        return "id" in self.body


class EventSource:
    """Makes events; the same seed makes the same ones, but for their times."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._made = 0
        self.oldest = 0.0
        """No event says that it is older, in seconds since 1970."""

    def event(self) -> Sent:
        """Make one event; one in thirty is bad."""
        chance = self._chance
        self._made += 1
        ref = f"soak-{self._made}"
        kind = chance.choice(_TYPES)
        body: dict[str, Any] = {
            "type": kind,
            "contentId": f"item-{int(ITEMS * chance.random() ** 2)}",
            "userId": ref,
        }
        if kind == "watch_time":
            body["seconds"] = chance.randint(1, 600)
        if chance.random() < 0.3:
            body["count"] = chance.randint(2, 5)
        if chance.random() < 0.2:
            body["metadata"] = {"page": chance.randint(1, 9)}
        moment = max(time.time() + self._lateness(), self.oldest)
        body |= self._identity(moment)
        bad = chance.random() < 1 / 30
        if bad:
            body |= chance.choice(_BAD if kind != "watch_time" else _BAD[:3])
        return Sent(ref, body, bad, moment)

    def _identity(self, moment: float) -> dict[str, str]:
        chance = self._chance
        identity = chance.choice(("v7", "v7 and time", "v4 and time", "v4", "none", "time"))
        given: dict[str, str] = {}
        if identity.startswith("v7"):
            # A source of its own: one source's ids never step back in time, as these do.
            source = Uuid7Source(random_bits=chance.getrandbits)
            given["id"] = str(UUID(bytes=source(round(moment * 1_000))))
        elif identity.startswith("v4"):
            given["id"] = str(UUID(int=chance.getrandbits(128), version=4))
        if identity.endswith("time"):
            given["occurredAt"] = datetime.fromtimestamp(moment, UTC).isoformat()
        return given

    def _lateness(self) -> float:
        """Return how far an event is from now: mostly not at all, else a wrong clock, or late."""
        chance = self._chance
        die = chance.random()
        if die < 0.80:
            return -chance.random()
        if die < 0.92:
            return chance.uniform(-3_600, 3_500)
        if die < 0.98:
            return -chance.uniform(60, 3_600)
        days = 1 if die < 0.995 else 5 if die < 0.998 else 25
        return -chance.uniform(3_600, days * 86_400)
