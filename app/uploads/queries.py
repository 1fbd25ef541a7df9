"""The statements on uploads."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from app.runtime.sql import Command, Connection, Query


class UploadState(msgspec.Struct, frozen=True, kw_only=True):
    """An upload as it is now."""

    state: str
    """`pending`, `finalized` or `dropped`."""
    content_type: str | None
    """None, as the next, where its item was erased."""
    content_id: str | None
    object_key: str
    size_bytes: int
    digest: bytes
    """SHA-256 of its bytes, as it was declared."""
    media_type: str
    finalized_at: datetime | None


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """A dropped upload whose object is this worker's to remove until the lease is over."""

    upload_id: UUID
    object_key: str


class _Taken(msgspec.Struct, frozen=True, kw_only=True):
    fence: int | None


class _Ended(msgspec.Struct, frozen=True, kw_only=True):
    is_won: bool


_UPLOAD_STATE = Query("upload_state", UploadState)
_TAKE_UPLOAD = Query("take_upload", _Taken)
_FINALIZE_UPLOAD = Query("finalize_upload", _Ended)
_CLAIM_REMOVALS = Query("claim_removals", Removal)
_CREATE_UPLOAD = Command("create_upload")
_SETTLE_REMOVAL = Command("settle_removal")


async def create_upload(  # noqa: PLR0913  # whose, what it is, what it becomes, and until when
    connection: Connection,
    *,
    upload_id: UUID,
    owner: str,
    object_key: str,
    size_bytes: int,
    digest: bytes,
    media_type: str,
    entry: bytes,
    expires_at: datetime,
    abandoned_at: datetime,
    as_of: datetime,
) -> None:
    """Note a pending upload; `entry` is the JSON of what it becomes, as `PUT /items` takes it."""
    await _CREATE_UPLOAD.run(
        connection,
        upload_id=upload_id,
        owner=owner,
        object_key=object_key,
        size_bytes=size_bytes,
        digest=digest,
        media_type=media_type,
        entry=entry.decode(),
        expires_at=expires_at,
        abandoned_at=abandoned_at,
        as_of=as_of,
    )


async def upload_state(
    connection: Connection, *, upload_id: UUID, owner: str | None
) -> UploadState | None:
    """Return an upload, of that owner unless that is None."""
    return await _UPLOAD_STATE.first(connection, upload_id=upload_id, owner=owner)


async def take_upload(connection: Connection, *, upload_id: UUID) -> int | None:
    """Begin to finalise an upload; return the number that ends it, None if it is not pending."""
    taken = await _TAKE_UPLOAD.first(connection, upload_id=upload_id)
    return taken.fence if taken else None


async def finalize_upload(
    connection: Connection, *, upload_id: UUID, fence: int, as_of: datetime
) -> bool:
    """Finalise an upload and write its item; False where somebody has begun since, or ended it."""
    ended = await _FINALIZE_UPLOAD.first(connection, upload_id=upload_id, fence=fence, as_of=as_of)
    return bool(ended and ended.is_won)


async def claim_removals(
    connection: Connection, *, as_of: datetime, lease: timedelta, capacity: int
) -> list[Removal]:
    """Take dropped uploads; nobody else does before the lease is over."""
    return await _CLAIM_REMOVALS.all(connection, as_of=as_of, lease=lease, capacity=capacity)


async def settle_removal(connection: Connection, *, upload_id: UUID, as_of: datetime) -> None:
    """Note that a dropped upload's object is gone: forget it, or have it looked for once more."""
    await _SETTLE_REMOVAL.run(connection, upload_id=upload_id, as_of=as_of)
