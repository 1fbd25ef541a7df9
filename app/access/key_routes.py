"""`/admin/keys`: make, list, bound and revoke API keys."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from app.access import keys
from app.access.errors import OwnKeyError, UnknownKeyError
from app.access.guard import caller_of, require
from app.access.managing import change_key, make_key
from app.access.queries import ListedApiKey, list_api_keys, revoke_api_key
from app.access.wire import Key, KeyChanges, KeyIn, Keys, MadeKey
from app.audit.audited import audited
from app.errors import TooLargeError
from app.http.answers import AnyRequest, passing
from app.http.body import decoded
from app.http.cursor import Codec, page_of
from app.http.openapi_bodies import json_body
from app.http.parameters import PageCursor, PageLimit
from app.http.problems import documented
from app.runtime.outage import REDIS_ERRORS
from app.services import Services

MAX_BODY = 50_000
DEFAULT_LIMIT = 50

GIVEN = msgspec.json.Decoder(KeyIn)
CHANGES = msgspec.json.Decoder(KeyChanges)
KeyId = Annotated[int, PathParameter(description="Id of the key, as the list has it.")]


class KeyCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """After which key a page begins."""

    list_: Literal["keys1"] = "keys1"
    after: Annotated[int, Meta(ge=1, le=2**63 - 1)]


CODEC = Codec(KeyCursor)


@get(
    "/admin/keys",
    summary="API keys",
    description="With what each allows, when it was made and when it was last used, oldest first. "
    "A key itself is stored nowhere: `prefix` is its first part.",
    operation_id="keys",
    responses={
        200: ResponseSpec(Keys, description="The keys", generate_examples=False),
    },
)
async def list_(
    request: AnyRequest,
    services: NamedDependency[Services],
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
    revoked: Annotated[
        bool, QueryParameter(name="revoked", description="Revoked ones, too.")
    ] = False,
) -> Response[bytes]:
    """Return a page of keys."""
    after = 0 if cursor is None else CODEC.decode(cursor).after
    async with services.connected() as connection:
        found = await list_api_keys(connection, after=after, revoked=revoked, limit=limit + 1)
    page, next_cursor = page_of(
        found, limit, lambda last: CODEC.encode(KeyCursor(after=last.key_id))
    )
    own = await _own_id(request)
    shown = [msgspec.convert(_fields(key, own), Key) for key in page]
    return passing(request, Keys(keys=shown, next_cursor=next_cursor))


@post(
    "/admin/keys",
    request_max_body_size=None,
    summary="Make an API key",
    description="The answer holds the key, which is shown this once: only its hash is stored. "
    "It is valid at once, in other processes a moment later. A public key takes the bounds of one "
    "unless others are given.",
    operation_id="createKey",
    operation_class=json_body(KeyIn),
    responses={
        201: ResponseSpec(MadeKey, description="Made", generate_examples=False),
        **documented(TooLargeError),
    },
)
async def create(request: AnyRequest, services: NamedDependency[Services]) -> Response[bytes]:
    """Make a key."""
    given = await decoded(request, GIVEN, limit=MAX_BODY)
    scopes = sorted(set(given.scopes))
    parameters = {"name": given.name, "kind": given.kind, "scopes": scopes, **given.given()}
    async with audited(request, "keys.create", parameters) as action:
        async with services.connected() as connection:
            made = await make_key(
                connection, name=given.name, kind=given.kind, scopes=scopes, given=given.given()
            )
            [found] = await list_api_keys(connection, prefix=made.prefix)
        action.outcome = {"key": found.key_id, "prefix": made.prefix}
    await _announce(services)
    fields = {**_fields(found, await _own_id(request)), "apiKey": made.text}
    return passing(request, msgspec.convert(fields, MadeKey), status=201)


@patch(
    "/admin/keys/{key_id:int}",
    request_max_body_size=None,
    summary="Change what an API key allows",
    description="What the body names changes, and null takes a bound away; name, kind and scopes "
    "stay what they are: make another key for others.",
    operation_id="changeKey",
    operation_class=json_body(KeyChanges),
    responses={
        200: ResponseSpec(Key, description="Changed", generate_examples=False),
        **documented(UnknownKeyError, TooLargeError),
    },
)
async def change(
    request: AnyRequest, services: NamedDependency[Services], key_id: KeyId
) -> Response[bytes]:
    """Change what the body names."""
    given = (await decoded(request, CHANGES, limit=MAX_BODY)).given()
    own = await _own_id(request)
    async with audited(request, "keys.change", {"key": key_id, "changes": given}) as action:
        async with services.connected() as connection:
            changed = await change_key(connection, key_id=_bounded(key_id), given=given)
        if changed is None:
            raise _unknown(key_id)
        before, after = (_fields(key, own) for key in changed)
        differing = {name: before[name] for name in before if before[name] != after[name]}
        action.outcome = {"prefix": changed.after.prefix, "before": differing}
    await _announce(services)
    return passing(request, msgspec.convert(after, Key))


@delete(
    "/admin/keys/{key_id:int}",
    status_code=204,
    summary="Revoke an API key",
    description="It is refused from now on, in other processes a moment later; streams that it "
    "holds end within 15 seconds, and its alerts sleep. It cannot be taken back. The key of this "
    "very request is revoked with `own=true` alone: 409 `own-key` otherwise.",
    operation_id="revokeKey",
    responses={
        204: ResponseSpec(None, description="Revoked"),
        **documented(UnknownKeyError, OwnKeyError),
    },
)
async def revoke(
    request: AnyRequest,
    services: NamedDependency[Services],
    key_id: KeyId,
    own: Annotated[
        bool, QueryParameter(name="own", description="Revoke it even if it is this request's.")
    ] = False,
) -> None:
    """Refuse a key from now on."""
    if not own and key_id == await _own_id(request):
        raise OwnKeyError("who has no other admin key is locked out; send own=true to do it")
    async with audited(request, "keys.revoke", {"key": key_id}) as action:
        async with services.connected() as connection:
            found = await list_api_keys(connection, key_id=_bounded(key_id), revoked=False)
            if not found or not await revoke_api_key(
                connection, prefix=found[0].prefix, revoked_at=datetime.now(UTC)
            ):
                raise _unknown(key_id)
        action.outcome = {"prefix": found[0].prefix, "name": found[0].name}
    await _announce(services)


async def _announce(services: Services) -> None:
    """Tell the processes, which would notice by themselves within a minute."""
    with suppress(*REDIS_ERRORS):
        await services.redis.publish(keys.API_KEYS_CHANGED, b"")
    await services.key_ring.reload()


async def _own_id(request: AnyRequest) -> int | None:
    key = (await caller_of(request)).key
    return None if key is None else key.key_id


def _bounded(key_id: int) -> int:
    """Return an id that the database can look for; no key has the id 0."""
    return key_id if 0 < key_id < 2**63 else 0


def _unknown(key_id: int) -> UnknownKeyError:
    return UnknownKeyError(f"there is no valid key {key_id}")


def _fields(key: ListedApiKey, own: int | None) -> dict[str, object]:
    """Return a key by the names that callers know."""
    values = {**msgspec.structs.asdict(key), "id": key.key_id, "is_own": key.key_id == own}
    names = zip(Key.__struct_fields__, Key.__struct_encode_fields__, strict=True)
    return {outward: values[field] for field, outward in names}


router = Router(
    "/",
    route_handlers=[list_, create, change, revoke],
    guards=[require("admin")],
    security=[{"adminKey": []}],
    tags=["Admin"],
)
