"""The JSON shapes of the catalogue: what an item is, how it stands, and whether it is excluded."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from app.http.wire import Id, Moment, Name, Wire


class ItemIn(Wire, frozen=True, forbid_unknown_fields=True):
    """One catalogue entry; what is absent stays as it was, null clears it (RFC 7396)."""

    content_id: Id
    content_type: Name = "video"
    title: Annotated[str, Meta(max_length=500)] | UnsetType | None = UNSET
    category: Name | UnsetType | None = UNSET
    creator: Name | UnsetType | None = UNSET
    published_at: Moment | UnsetType | None = UNSET
    attributes: dict[str, object] | UnsetType | None = UNSET
    """Merged key by key: null removes a key, or all of them."""


class ItemsWritten(Wire, frozen=True):
    """How many catalogue entries are now as a `PUT /items` said."""

    written: int


class ExclusionIn(Wire, frozen=True, forbid_unknown_fields=True):
    """Why an item is to be left out of rankings."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    content_type: Name = "video"


class Exclusion(Wire, frozen=True):
    """One exclusion of an item, in force until it is lifted."""

    reason: str
    excluded_by: str
    """The name of an API key, `admin key`, or who used the command line."""
    excluded_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    """Null while it is in force."""


class ItemExclusions(Wire, frozen=True):
    """Whether rankings leave an item out, and every time that they did."""

    content_id: str
    content_type: str
    excluded: bool
    exclusions: list[Exclusion]
    """The newest first."""


class Excluded(Wire, frozen=True):
    """Why and since when rankings leave an item out."""

    reason: str
    since: datetime


class Item(Wire, frozen=True):
    """One catalogue entry, with its counts and its place as of the last scoring run."""

    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    published_at: datetime | None
    attributes: dict[str, object]
    created_at: datetime
    """When Groundswell first heard of it."""
    views: int
    """Lifetime counts, at most a minute behind; 0 for what was never counted."""
    likes: int
    comments: int
    shares: int
    hot_score: float | None
    """Score in the ranking `hot`; null without an event in its window, and for excluded items."""
    hot_rank: int | None
    """Place by that score; beyond 10,000 within a hundredth."""
    is_hot: bool
    """Whether it is among the hottest fifth."""
    excluded: Excluded | None
    """Null for an item that rankings may hold."""


class Items(Wire, frozen=True):
    """The entries of one content id, one for each content type."""

    items: list[Item]


class ItemPage(Wire, frozen=True):
    """A page of the catalogue."""

    sort: Literal["hot", "new", "views", "likes"]
    category: str | None
    content_type: str | None
    items: list[Item]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""
