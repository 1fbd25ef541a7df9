"""The JSON shapes of the catalogue: what an item is, how it stands, and whether it is excluded."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from app.http.wire import Id, Moment, Name, Wire


class ItemIn(Wire, frozen=True, forbid_unknown_fields=True):
    """One catalogue entry; what is absent stays as it was, null clears it (RFC 7396)."""

    content_id: Id
    """Id of the item."""
    content_type: Name = "video"
    """Type of the item, such as `video`."""
    title: Annotated[str, Meta(max_length=500)] | UnsetType | None = UNSET
    """Shown in lists."""
    category: Name | UnsetType | None = UNSET
    """What it is ranked within."""
    creator: Name | UnsetType | None = UNSET
    """Whose it is."""
    published_at: Moment | UnsetType | None = UNSET
    """When it was published; the order `new` goes by it."""
    attributes: dict[str, object] | UnsetType | None = UNSET
    """Merged key by key, in depth: null removes a key, or all of them."""


class ItemsWritten(Wire, frozen=True):
    """How many catalogue entries are now as a `PUT /items` said."""

    written: int
    """How many."""


class ExclusionIn(Wire, frozen=True, forbid_unknown_fields=True):
    """Why an item is to be left out of rankings."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    """Why it is excluded: others read it."""
    content_type: Name = "video"
    """Type of the item, such as `video`."""


class Exclusion(Wire, frozen=True):
    """One exclusion of an item, in force until it is lifted."""

    reason: str
    """Why it was excluded."""
    excluded_by: str
    """The name of an API key, `admin key`, or who used the command line."""
    excluded_at: datetime
    """Since when."""
    lifted_by: str | None
    """Who lifted it; null while it is in force."""
    lifted_at: datetime | None
    """Null while it is in force."""


class ItemExclusions(Wire, frozen=True):
    """Whether rankings leave an item out, and every time that they did."""

    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    excluded: bool
    """Whether one is in force."""
    exclusions: list[Exclusion]
    """The newest first."""


class Excluded(Wire, frozen=True):
    """Why and since when rankings leave an item out."""

    reason: str
    """Why."""
    since: datetime
    """Since when."""


class Item(Wire, frozen=True):
    """One catalogue entry, with its counts and its place as of the last scoring run."""

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
    published_at: datetime | None
    """When it was published; null where nobody has said."""
    attributes: dict[str, object]
    """What else the catalogue knows."""
    created_at: datetime
    """When Groundswell first heard of it."""
    views: int
    """Lifetime counts; in `GET /items` at most a minute behind. 0 for what was never counted."""
    likes: int
    """Lifetime like events less unlike events."""
    comments: int
    """Lifetime count."""
    shares: int
    """Lifetime count."""
    hot_score: float | None
    """Score in the ranking `hot`; null without an event in its window, and for excluded items."""
    hot_rank: int | None
    """Place by that score; beyond 1,000 within a hundredth, of the last hour."""
    is_hot: bool
    """Whether it is among the hottest fifth."""
    likes_count: int
    """How many users like it now; `likes` are counts of events."""
    excluded: Excluded | None
    """Null for an item that rankings may hold."""
    has_liked: bool | UnsetType = UNSET
    """Whether the caller likes it now; only for who is signed in."""


class Items(Wire, frozen=True):
    """The entries of one content id, one for each content type."""

    items: list[Item]
    """The entries."""


class ItemPage(Wire, frozen=True):
    """A page of the catalogue."""

    sort: Literal["hot", "new", "views", "likes"]
    """The order."""
    category: str | None
    """Only items of this category; null: all."""
    content_type: str | None
    """Only items of this type; null: all."""
    items: list[Item]
    """The items, in order."""
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""


class FoundItem(Wire, frozen=True):
    """One item that a search has found."""

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
    views: int
    """Lifetime views, at most a minute behind."""


class Found(Wire, frozen=True):
    """What a search has found, each kind by itself."""

    items: list[FoundItem]
    """The most viewed first; an item of exactly this id before them."""
    categories: list[str]
    """Those that begin with what was typed, then those that have it."""
    content_types: list[str]
    """Likewise."""
