"""Making, changing and revoking API keys, for whoever may: the command line and `/admin/keys`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from app.access.api_key import Kind, NewKey, Scope, is_origin, new_key
from app.access.bounds import OPEN, PUBLIC, Bounds
from app.access.queries import (
    ListedApiKey,
    create_api_key,
    list_api_keys,
    lock_api_key,
    update_api_key,
)
from app.errors import BadRequestError
from app.runtime.sql import Connection

USUAL: Mapping[Kind, Bounds] = {"secret": OPEN, "public": PUBLIC}
"""The bounds that a key of a kind is made with."""


class ChangedKey(NamedTuple):
    """A key as it was and as it is."""

    before: ListedApiKey
    after: ListedApiKey


def check_origins(origins: list[str], kind: str) -> None:
    """Raise `BadRequestError` where pages of these origins cannot be what a key is for."""
    if origins and kind != "public":
        raise BadRequestError("allowedOrigins: belong to public keys; a secret one is no page's")
    for origin in origins:
        if not is_origin(origin):
            raise BadRequestError(
                f"allowedOrigins: {origin[:100]!r} is not an origin such as https://example.org"
            )


async def make_key(
    connection: Connection,
    *,
    name: str,
    kind: Kind,
    scopes: list[Scope],
    given: Mapping[str, Any],
) -> NewKey:
    """Make a key; `given` are its bounds, origins and rate limit where they are not the usual.

    Raises `BadRequestError` for what such a key cannot be.
    """
    if kind == "public" and not set(scopes) <= {"read", "write"}:
        raise BadRequestError("scopes: everybody can see a public key; use read and write")
    bounds = {name: given[name] for name in Bounds.__struct_fields__ if name in given}
    origins = list(given.get("allowed_origins") or [])
    check_origins(origins, kind)
    key = new_key(kind)
    await create_api_key(
        connection,
        name=name,
        kind=kind,
        prefix=key.prefix,
        key_hash=key.digest,
        scopes=list(scopes),
        allowed_origins=origins,
        rate_limit=given.get("rate_limit"),
        bounds=msgspec.structs.replace(USUAL[kind], **bounds),
        created_at=datetime.now(UTC),
    )
    return key


async def change_key(
    connection: Connection, *, key_id: int, given: Mapping[str, Any]
) -> ChangedKey | None:
    """Change what a valid key allows; what is not `given` stays. None where there is none.

    Two who change it at once build on each other. Raises `BadRequestError` as `make_key`.
    """
    async with connection.transaction():
        if not await lock_api_key(connection, key_id=key_id):
            return None
        [before] = await list_api_keys(connection, key_id=key_id)
        after = msgspec.structs.replace(before, **given)
        check_origins(after.allowed_origins, after.kind)
        await update_api_key(
            connection,
            prefix=after.prefix,
            allowed_origins=after.allowed_origins,
            rate_limit=after.rate_limit,
            bounds=Bounds(**{name: getattr(after, name) for name in Bounds.__struct_fields__}),
        )
    return ChangedKey(before, after)
