"""The JSON shapes of uploads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from app.http.wire import Id, Name, Wire

_WORD = "[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"


class UploadIn(Wire, frozen=True, forbid_unknown_fields=True):
    """A file that is to be put into the store, and the item that it becomes."""

    size: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    """Its size in bytes."""
    sha256: Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$")]
    """The SHA-256 of its bytes, as 64 hexadecimal digits."""
    media_type: Annotated[str, Meta(pattern=f"^{_WORD}/{_WORD}$")] = "application/octet-stream"
    """Its media type, such as `video/mp4`."""
    content_id: Id | None = None
    """Id of the item; only a key may name one. Without it, the id of the upload."""
    content_type: Name = "video"
    """Type of the item, such as `video`."""
    title: Annotated[str, Meta(max_length=500)] | None = None
    """Shown in lists."""
    category: Name | None = None
    """What it is ranked within."""
    creator: Name | None = None
    """Whose it is; only a key may name somebody. What a signed-in user uploads is that user's."""


class Upload(Wire, frozen=True):
    """Where to put the bytes of an upload."""

    id: UUID
    """Id of the upload."""
    content_id: str
    """Id of the item that it becomes."""
    content_type: str
    """Type of that item."""
    method: Literal["PUT"]
    """How to send the bytes."""
    url: str
    """Where to. Whoever knows it can put these bytes there, and nothing else."""
    headers: dict[str, str]
    """Headers that the request must have, with these values."""
    expires_at: datetime
    """Until when that holds."""


class FinalizedUpload(Wire, frozen=True):
    """An upload that has become an item."""

    id: UUID
    """Id of the upload."""
    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item."""
    key: str
    """Where the object is in the bucket."""
    size: int
    """Its size in bytes."""
    sha256: str
    """SHA-256 of its bytes, as 64 hexadecimal digits."""
    media_type: str
    """Its media type."""
    finalized_at: datetime
    """When it was finalised: the same in every answer."""
