"""The JSON shapes of recommendations."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from app.http.wire import Wire


class Because(Wire, frozen=True):
    """The item that is the reason: users who turned to it turned to the other, too."""

    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item."""
    title: str | None
    """Title in the catalogue; null where it has none."""


class Recommended(Wire, frozen=True):
    """One item that may be liked next."""

    rank: int
    """Place, from 1."""
    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    title: str | None
    """Title in the catalogue; null where it has none."""
    category: str | None
    """Category in the catalogue; null where it has none."""
    creator: str | None
    """Creator in the catalogue; null where it has none."""
    score: float
    """What it is ordered by, within its source; of `model`, what it had before that ordered it."""
    source: Literal["coEngagement", "trending", "model"]
    """`coEngagement`: the same users turned to both. `trending`: there was too little of that.
    `model`: one of both, in the order of a language model."""
    because: Because | None
    """The item that is the reason; null for what is trending."""


class Recommendations(Wire, frozen=True):
    """What may be liked next, best first."""

    as_of: datetime
    """When it was computed."""
    stale: bool
    """Whether it could not be looked at again: the database is down."""
    items: list[Recommended]
    """The items, in order."""
