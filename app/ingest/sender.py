"""What is known of whoever sends a request's events, as far as ingestion cares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.access.bounds import OPEN, Bounds
from app.ingest.decode import Decoded
from app.ingest.limits import Limit


class Sender(NamedTuple):
    """Who sends events. Nothing in it tells a client's address."""

    limits: tuple[Limit, ...] = ()
    viewer: bytes | None = None
    """A hash of the client, where it is the viewer's own."""
    bot: str | None = None
    """Why nothing it sends counts; None for people and servers."""
    bounds: Bounds = OPEN
    """What its events may claim."""
    namespace: bytes | None = None
    """Where its ids are its own: no other sender's can meet them."""
    backfills: bool = False
    """Whether its events are old ones, which may wait for the live ones."""
    has_key: bool = False
    """Whether somebody vouches for the program that sends them, whatever it is made with."""

    def cost_of(self, events: Sequence[Decoded]) -> int:
        """Return what limits take for the events of a request.

        Where `count` is bounded it stands for so many events, so that no bound is a way around a
        limit; one beyond it is refused, and is one.
        """
        most = self.bounds.max_count
        if most is None:
            return len(events)
        return sum(
            event.count if not isinstance(event, str) and event.count <= most else 1
            for event in events
        )


ANYBODY = Sender()
