"""What is to be erased, and what that came to, in JSON."""

from __future__ import annotations

from typing import Literal

from app.http.wire import Id, Name, Wire


class ErasureIn(Wire, frozen=True, forbid_unknown_fields=True):
    """What is to be erased: a user or an item."""

    counts: Literal["keep", "purge"]
    """Whether what was counted stays, as nobody's, or goes too."""
    user_id: Id | None = None
    """The user, as in events and tokens."""
    content_id: Id | None = None
    """The item."""
    content_type: Name = "video"
    """Type of the item."""


class Erased(Wire, frozen=True):
    """What was erased."""

    events: int
    """Raw events that told of it."""
    waiting: int
    """Events that waited to be written, dead letters among them."""
    likes: int = 0
    """Likes that stay as nobody's."""
    comments: int = 0
    """Comments, which go whatever is counted."""
    uploads: int = 0
    """Uploads: a user's are nobody's then, an item's go."""
