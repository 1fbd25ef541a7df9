"""The statements on API keys."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.access.bounds import Bounds
from app.runtime.sql import Command, Connection, Query


class ValidApiKey(Bounds, frozen=True, kw_only=True):
    """A key that is not revoked, by its hash, and what it allows."""

    key_id: int
    name: str
    kind: str
    key_hash: bytes
    scopes: list[str]
    allowed_origins: list[str]
    rate_limit: int | None


class ListedApiKey(Bounds, frozen=True, kw_only=True):
    """A key as people see it."""

    key_id: int
    prefix: str
    name: str
    kind: str
    scopes: list[str]
    allowed_origins: list[str]
    rate_limit: int | None
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class _Locked(msgspec.Struct, frozen=True, kw_only=True):
    key_id: int


_VALID_API_KEYS = Query("valid_api_keys", ValidApiKey)
_LIST_API_KEYS = Query("list_api_keys", ListedApiKey)
_LOCK_API_KEY = Query("lock_api_key", _Locked)
_CREATE_API_KEY = Command("create_api_key")
_UPDATE_API_KEY = Command("update_api_key")
_REVOKE_API_KEY = Command("revoke_api_key")
_NOTE_API_KEYS_USED = Command("note_api_keys_used")


async def valid_api_keys(connection: Connection) -> list[ValidApiKey]:
    """Return all keys that are not revoked."""
    return await _VALID_API_KEYS.all(connection)


async def list_api_keys(  # noqa: PLR0913  # as many as there are ways to narrow it
    connection: Connection,
    *,
    key_id: int | None = None,
    prefix: str | None = None,
    after: int = 0,
    revoked: bool = True,
    limit: int | None = None,
) -> list[ListedApiKey]:
    """Return keys, oldest first: every one there ever was, unless told otherwise."""
    return await _LIST_API_KEYS.all(
        connection, key_id=key_id, prefix=prefix, after=after, revoked=revoked, limit=limit
    )


async def lock_api_key(connection: Connection, *, key_id: int) -> bool:
    """Hold a valid key until the transaction ends; false where it is unknown or revoked."""
    return await _LOCK_API_KEY.first(connection, key_id=key_id) is not None


async def create_api_key(  # noqa: PLR0913  # as many as there are columns
    connection: Connection,
    *,
    name: str,
    kind: str,
    prefix: str,
    key_hash: bytes,
    scopes: list[str],
    allowed_origins: list[str],
    rate_limit: int | None,
    bounds: Bounds,
    created_at: datetime,
) -> None:
    """Store a new key's hash and what it allows."""
    await _CREATE_API_KEY.run(
        connection,
        name=name,
        kind=kind,
        prefix=prefix,
        key_hash=key_hash,
        scopes=scopes,
        allowed_origins=allowed_origins,
        rate_limit=rate_limit,
        **msgspec.structs.asdict(bounds),
        created_at=created_at,
    )


async def update_api_key(
    connection: Connection,
    *,
    prefix: str,
    allowed_origins: list[str],
    rate_limit: int | None,
    bounds: Bounds,
) -> bool:
    """Change what a key allows; false where it is unknown or revoked."""
    updated = await _UPDATE_API_KEY.run(
        connection,
        prefix=prefix,
        allowed_origins=allowed_origins,
        rate_limit=rate_limit,
        **msgspec.structs.asdict(bounds),
    )
    return updated > 0


async def revoke_api_key(connection: Connection, *, prefix: str, revoked_at: datetime) -> bool:
    """Refuse a key from now on; false where it is unknown or revoked already."""
    return await _REVOKE_API_KEY.run(connection, prefix=prefix, revoked_at=revoked_at) > 0


async def note_api_keys_used(
    connection: Connection, *, key_ids: list[int], used_at: datetime
) -> None:
    """Note that keys were used at the latest at `used_at`."""
    await _NOTE_API_KEYS_USED.run(connection, key_ids=key_ids, used_at=used_at)
