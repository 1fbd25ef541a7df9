"""Who calls, and the guard in front of what not everybody may do.

A caller shows a key as `Authorization: Bearer …` or `X-Api-Key: …`; a public one also as `?key=…`,
because `navigator.sendBeacon` sends no headers. What may be done without any key is a setting.
Where users have tokens (`app/access/users.py`), a bearer that has a token's form is no key.
"""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import parse_qs

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from app.access.api_key import Scope, looks_like_key
from app.access.caller import EVERYTHING, WITHOUT_KEY, Caller
from app.access.users import looks_like_token, token_of
from app.errors import (
    AdminDisabledError,
    ForbiddenError,
    GroundswellError,
    UnauthorizedError,
    UnavailableError,
)
from app.http.answers import note_needed
from app.services import services_of
from app.settings import Settings

AnyConnection = ASGIConnection[Any, Any, Any, Any]

KEY_HEADERS = ("authorization", "x-api-key")
"""Where a key is shown."""

_STATE = "groundswell_caller"


_ANONYMOUS = {mode: Caller(scopes=scopes) for mode, scopes in WITHOUT_KEY.items()}


class require:  # noqa: N801  # reads as what it does where it is used: guards=[require("read")]
    """The guard of routes that need `scope`; to write, a public key will do where `public`.

    Raises `UnauthorizedError` for a key that is missing or wrong, `ForbiddenError` for one that
    does not allow it, `UnavailableError` while keys can be looked up nowhere.
    """

    def __init__(self, scope: Scope, *, public: bool = False) -> None:
        self.scope = scope
        self.public = public or scope == "read"
        """Whether keys that everybody can read will do."""

    async def __call__(self, connection: AnyConnection, _handler: BaseRouteHandler) -> None:
        """Let the request pass, or raise."""
        caller = await demand(connection, self.scope)
        is_free = self.scope in WITHOUT_KEY[services_of(connection).settings.require_keys]
        if not is_free:
            note_needed(connection, *KEY_HEADERS)
        if caller.key is None or not caller.is_public:
            return
        if not (self.public or is_free):
            raise ForbiddenError("a public key only reads, and records events")
        is_bound = self.public and not (self.scope == "read" and (is_free or _is_ours(connection)))
        origin = connection.headers.get("origin")
        if is_bound and not caller.key.allows_origin(origin):
            raise ForbiddenError(f"this key is not for pages of {(origin or 'no origin')[:200]}")


def _is_ours(connection: AnyConnection) -> bool:
    """Return whether a page of the service itself asks: browsers say so, and let no script do it.

    It reads with the key in its address; only pages of that key's origins may frame it.
    """
    headers = connection.headers
    return headers.get("sec-fetch-site") == "same-origin" and "origin" not in headers


def user_of(connection: AnyConnection) -> str:
    """Return the id of the user who sent this request; raises as `Users.user_of`."""
    services = services_of(connection)
    header = services.settings.user_header
    note_needed(connection, "authorization", *([header.lower()] if header else []))
    return services.users.user_of(connection)


def user_if_any(connection: AnyConnection) -> str | None:
    """Return the id of the user who sent this request, None where nobody is signed in.

    Raises as `Users.user_of` where a token, or the proxy's header, is not to be believed.
    """
    settings = services_of(connection).settings
    header = settings.user_header
    token = token_of(connection)
    if (token and _is_token(token, settings)) or (header and header in connection.headers):
        return user_of(connection)
    return None


async def demand(connection: AnyConnection, scope: Scope) -> Caller:
    """Return the caller, or raise as `require` says where it may not do `scope`."""
    caller = await caller_of(connection)
    if caller.shown == "unknown":
        raise UnauthorizedError("this key is not valid")
    if scope not in caller.scopes:
        raise _refusal(scope, caller, services_of(connection).settings)
    return caller


async def may_still(connection: AnyConnection, scope: Scope) -> bool:
    """Return whether the caller may do `scope` now, long after the request was let pass."""
    connection.scope["state"].pop(_STATE, None)
    try:
        await demand(connection, scope)
    except UnavailableError:
        return True
    except GroundswellError:
        return False
    return True


async def caller_of(connection: AnyConnection) -> Caller:
    """Return who sent this request; it is looked up once."""
    state: dict[str, Any] = connection.scope["state"]
    caller: Caller | None = state.get(_STATE)
    if caller is None:
        caller = state[_STATE] = await _identify(connection)
    return caller


async def _identify(connection: AnyConnection) -> Caller:
    services = services_of(connection)
    settings = services.settings
    free = WITHOUT_KEY[settings.require_keys]
    text, in_query = _shown_key(connection, settings)
    if not text:
        return _ANONYMOUS[settings.require_keys]
    client = services.clients.name_of(connection.scope)
    if not looks_like_key(text):
        # The admin key is short enough to be guessed by whoever may try without end.
        services.guesses.check(client)
        if settings.admin_key and not in_query and _same(text, settings.admin_key):
            return Caller(scopes=EVERYTHING, shown="valid")
        services.guesses.note(client)
        return Caller(scopes=free, shown="unknown")
    ring = services.key_ring
    key = await ring.find(text)
    if key is None:
        if ring.loaded:
            # Too long to be guessed; and one just made is known to all only after a moment.
            return Caller(scopes=free, shown="unknown")
        if "write" in free:
            # Nobody would ask for a key here: that it cannot be looked up must not cost events.
            return Caller(scopes=free)
        raise UnavailableError("keys cannot be looked up now")
    if in_query and key.kind != "public":
        # Query strings end up in the logs of every proxy.
        raise UnauthorizedError("a secret key belongs in a header, never in the address")
    allowed = EVERYTHING if "admin" in key.scopes else key.scopes
    return Caller(scopes=allowed | free, shown="valid", key=key)


def _shown_key(connection: AnyConnection, settings: Settings) -> tuple[str, bool]:
    """Return the key that was shown, or an empty text, and whether it was in the query."""
    # Read bare: this is on the way of every event.
    for name, value in connection.scope["headers"]:
        if name == b"authorization":
            scheme, _, given = value.decode("latin-1").partition(" ")
            # Another scheme is meant for a proxy before us.
            if scheme.lower() == "bearer" and not _is_token(given.strip(), settings):
                return given.strip(), False
        elif name == b"x-api-key" and value:
            return value.decode("latin-1").strip(), False
    if b"key=" in (query := connection.scope["query_string"]):
        return parse_qs(query.decode("latin-1")).get("key", [""])[0], True
    return "", False


def _is_token(text: str, settings: Settings) -> bool:
    return (
        (settings.jwt_secret is not None or settings.jwt_public_key is not None)
        and looks_like_token(text)
        and not (settings.admin_key and _same(text, settings.admin_key))
    )


def _refusal(scope: Scope, caller: Caller, settings: Settings) -> Exception:
    if caller.shown == "valid":
        return ForbiddenError(f"this key does not have the scope {scope!r}")
    if scope == "admin" and not settings.admin_key and settings.require_keys == "none":
        return AdminDisabledError(
            "set GROUNDSWELL_ADMIN_KEY to a long random text and restart, or make a key with "
            "`groundswell keys create NAME --scope admin`; send it as `Authorization: Bearer …`"
        )
    return UnauthorizedError("send a key as `Authorization: Bearer …` or `X-Api-Key: …`")


def _same(given: str, expected: str) -> bool:
    # In constant time, so that nobody can guess it piece by piece; headers come as Latin-1.
    return hmac.compare_digest(given.encode("latin-1", "replace"), expected.encode())
