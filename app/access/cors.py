"""Let pages of other origins read and record: CORS, as the settings and each key allow.

A page needs no permission to send a beacon, only to read an answer or to send JSON. A preflight
shows no headers, so without `?key=` it is answered for any public key; the request itself is then
checked against the key it shows.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import MutableScopeHeaders, State
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.access.caller import WITHOUT_KEY
from app.access.guard import caller_of
from app.errors import GroundswellError
from app.ingest.limits import LIMIT_HEADERS
from app.services import services_of

READING = frozenset(("GET", "HEAD"))
PREFLIGHT_HEADERS = {
    "access-control-allow-headers": "authorization, content-encoding, content-type, "
    "if-none-match, last-event-id, x-api-key",
    "access-control-max-age": "7200",
}
READ_HEADERS = {
    "access-control-expose-headers": ", ".join(("etag", "location", "retry-after", *LIMIT_HEADERS))
}


class Cors(ASGIMiddleware):
    """Adds to each answer whether the page that asked may read it, or may send what it asks for.

    Litestar answers OPTIONS by itself; the headers make a preflight of it.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on, and see to the answer's headers."""
        given = dict(scope["headers"])
        # What admins do is no page's business.
        if b"origin" not in given or scope["path"].startswith("/admin/"):
            await next_app(scope, receive, send)
            return
        method: str = scope["method"]  # type: ignore[typeddict-item]  # scopes are HTTP's alone
        wanted = given.get(b"access-control-request-method", b"").decode("latin-1")
        is_preflight = method == "OPTIONS" and bool(wanted)
        allowed = await _allowed_origin(
            Request(scope), given[b"origin"].decode("latin-1"), wanted or method
        )

        async def send_allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders(message)
                headers.extend_header_value("vary", "origin")
                if allowed is not None:
                    headers["access-control-allow-origin"] = allowed
                    headers.update(PREFLIGHT_HEADERS if is_preflight else READ_HEADERS)
                    if is_preflight:
                        headers["access-control-allow-methods"] = methods_of(scope)
            await send(message)

        await next_app(scope, receive, send_allowed)


def methods_of(scope: Scope) -> str:
    """Return the methods of the path that is asked for; Litestar's `Allow` may lack some."""
    found = {
        method
        for route in scope["litestar_app"].routes
        if route.path_format == scope["path_template"]
        for method in getattr(route, "methods", ())
    }
    return ", ".join(sorted(found | {"HEAD"} if "GET" in found else found))


async def _allowed_origin(
    request: Request[Any, Any, State], origin: str, method: str
) -> str | None:
    """Return what `Access-Control-Allow-Origin` is to say, None for nothing."""
    services = services_of(request)
    try:
        caller = await caller_of(request)
    except GroundswellError:
        return None
    if caller.key is not None and caller.is_public:
        return origin if caller.key.allows_origin(origin) else None
    scope = "read" if method in READING else "write"
    named = services.settings.cors_origin_set
    if scope in WITHOUT_KEY[services.settings.require_keys] and "*" in named:
        # Everybody may do it then, from wherever.
        return "*"
    return origin if origin in named or services.key_ring.allows_origin(origin) else None
