"""What is known of whoever sends a request's events, as far as ingestion cares."""

from __future__ import annotations

from typing import NamedTuple

from app.access.bounds import OPEN, Bounds
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


ANYBODY = Sender()
