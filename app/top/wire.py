"""The JSON shapes of top lists."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import field

from app.http.wire import Wire

Period = Literal["7d", "today", "week", "month"]


class TopItem(Wire, frozen=True):
    """One line of a top list."""

    rank: int
    """Its place, from 1."""
    content_id: str
    """Of a category or creator, its name; of a user, the id in events."""
    content_type: str
    """Of a category, creator or user, `category`, `creator` or `user`."""
    title: str | None
    """Title in the catalogue; null where it has none."""
    category: str | None
    """Category in the catalogue; null where it has none."""
    creator: str | None
    """Creator in the catalogue; null where it has none."""
    count: int | float
    """How many, taken back ones taken off."""
    pinned: bool = False
    """Whether an editor has put it at this place."""
    featured: bool = False
    """Whether an editor has put it before those that follow their counts."""


class TopList(Wire, frozen=True):
    """A page of a top list; before it is first counted there are no items, and `asOf` is null."""

    name: str = field(name="list")
    """Its name."""
    period: Period
    """What is counted."""
    ranking: str
    """The ranking whose settings it follows."""
    as_of: datetime | None
    """When it was last counted as a whole; since then it has followed each event."""
    since: datetime | None
    """What happened since then is counted; null where that is not known."""
    stale: bool
    """True when the counts are those of the last run, or it was never counted, or scoring has stood
    still for three minutes, or the period is over and the list of the next is not there yet."""
    total: int
    """How many the whole list has."""
    items: list[TopItem]
    """The items, in order."""
