"""Finalising an upload: once, whoever asks for it at the same time, is killed or held up.

The lock in Redis sees to it that one works while others are told to come back. It is no promise: a
holder that was paused for longer than it lasts may go on beside the next one. What promises is the
fence, a number from the database that rises with each who begins and is compared by the statement
that completes, in the transaction that writes the item.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from redis.asyncio import Redis

from app.errors import AlreadyRunningError, GroundswellError, LockLostError, UnavailableError
from app.runtime.pool import Pool, connected
from app.runtime.redis_lock import HOLD_SECONDS, Lease, hold
from app.uploads.errors import (
    UnknownUploadError,
    UploadGoneError,
    UploadHeldError,
    UploadIncompleteError,
)
from app.uploads.metrics import FINALIZATIONS
from app.uploads.queries import UploadState, finalize_upload, take_upload, upload_state
from app.uploads.store import Store

LEASE_SECONDS = HOLD_SECONDS
"""After this time without a word from its holder another may go on."""

_OUTCOMES: dict[type[GroundswellError], str] = {
    UploadHeldError: "held",
    UploadIncompleteError: "incomplete",
    UploadGoneError: "gone",
    UnavailableError: "unavailable",
    LockLostError: "unavailable",
}


class Finalizing:
    """Finalises uploads."""

    def __init__(self, pool: Pool, redis: Redis, store: Store, *, timeout: float) -> None:
        self._pool = pool
        self._redis = redis
        self._store = store
        self._timeout = timeout

    async def finalize(self, upload_id: UUID, *, owner: str | None) -> UploadState:
        """Finalise an upload, of that owner unless that is None, and return it as it is then.

        One that is finalised already is returned as it is. Raises `UnknownUploadError`,
        `UploadGoneError`, `UploadIncompleteError`, `UploadHeldError` while another works on it, and
        `UnavailableError` or `LockLostError` where database, Redis or store are down: nobody knows
        then whether it was done, and it is safe to repeat.
        """
        try:
            outcome, found = await self._finalize(upload_id, owner)
        except GroundswellError as error:
            kinds = [each for kind, each in _OUTCOMES.items() if isinstance(error, kind)]
            for outcome in kinds[:1]:
                FINALIZATIONS.labels(outcome).inc()
            raise
        FINALIZATIONS.labels(outcome).inc()
        return found

    async def _finalize(self, upload_id: UUID, owner: str | None) -> tuple[str, UploadState]:
        found = await self._state(upload_id, owner)
        if found.state == "finalized":
            return "repeated", found
        try:
            async with hold(self._redis, lock_of(upload_id), seconds=LEASE_SECONDS) as lease:
                is_mine = await self._complete(upload_id, found, lease)
        except AlreadyRunningError as error:
            raise UploadHeldError(f"another request finalises the upload {upload_id}") from error
        except LockLostError:
            # Whoever has it now may be through, and so may this one be: only its row can tell.
            found = await self._state(upload_id, owner)
            if found.state == "finalized":
                return "overtaken", found
            raise
        found = await self._state(upload_id, owner)
        if found.state == "finalized":
            return "completed" if is_mine else "overtaken", found
        raise UploadHeldError(f"another request has begun to finalise the upload {upload_id}")

    async def _complete(self, upload_id: UUID, upload: UploadState, lease: Lease) -> bool:
        """Complete it under the lock; return whether this was what completed it."""
        async with connected(self._pool, within=self._timeout) as connection:
            fence = await take_upload(connection, upload_id=upload_id)
        if fence is None:
            # Its state has changed since it was looked at without the lock.
            return False
        # No connection is held while the store is waited for.
        await self._check_object(upload)
        lease.check()
        async with connected(self._pool, within=self._timeout) as connection:
            return await finalize_upload(
                connection, upload_id=upload_id, fence=fence, as_of=datetime.now(UTC)
            )

    async def _check_object(self, upload: UploadState) -> None:
        """Raise `UploadIncompleteError` where the store has not what was declared."""
        stored = await self._store.find(upload.object_key)
        if stored is None:
            raise UploadIncompleteError(f"there is no object {upload.object_key} in the store")
        if stored.size != upload.size_bytes:
            raise UploadIncompleteError(
                f"size: the object has {stored.size} bytes, and {upload.size_bytes} were declared"
            )
        if stored.digest is None:
            raise UploadIncompleteError(
                "sha256: the store knows none of the object; it was put there without the header "
                "x-amz-checksum-sha256"
            )
        if stored.digest != upload.digest:
            raise UploadIncompleteError(
                f"sha256: the object's is {stored.digest.hex()}, and {upload.digest.hex()} was "
                "declared"
            )

    async def _state(self, upload_id: UUID, owner: str | None) -> UploadState:
        async with connected(self._pool, within=self._timeout) as connection:
            found = await upload_state(connection, upload_id=upload_id, owner=owner)
        if found is None:
            raise UnknownUploadError(f"there is no upload {upload_id}, or it is somebody else's")
        if found.state == "dropped":
            raise UploadGoneError(
                f"the upload {upload_id} was not finalised in time, or its item was erased"
            )
        return found


def lock_of(upload_id: UUID) -> str:
    """Return the name of the lock that whoever finalises an upload holds."""
    return f"upload {upload_id}"
