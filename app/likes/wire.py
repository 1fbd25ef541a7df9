"""The JSON shapes of likes."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, UnsetType

from app.http.wire import Wire


class Like(Wire, frozen=True):
    """Whether the caller likes an item, and how many users do."""

    has_liked: bool
    """Whether the caller likes it now."""
    likes_count: int
    """Users who like it now; the `likes` of stats are counts of events."""


class ItemLikes(Wire, frozen=True):
    """How many users like one item of several."""

    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    likes_count: int | None
    """Users who like it now; null for an item that nobody has ever named."""
    has_liked: bool | UnsetType | None = UNSET
    """Whether the caller likes it, only for who is signed in; null for an unknown item, and while
    the database is down."""


class LikesOfItems(Wire, frozen=True):
    """How many users like each of some items."""

    items: list[ItemLikes]
    """In the order of the request."""


class LikedItem(Wire, frozen=True):
    """One item that the caller likes."""

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
    liked_at: datetime
    """When the caller liked it."""


class LikedItems(Wire, frozen=True):
    """What the caller likes, newest first."""

    items: list[LikedItem]
    """The items, in order."""
    next_cursor: str | None
    """Begins the next page; null on the last one."""
