"""Let pages of other origins record events: CORS, as each key allows.

A page needs no permission to send a beacon, only to read the answer or to send JSON. A preflight
shows no headers, so without `?key=` it is answered for any public key; the request itself is then
checked against the key it shows.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.datastructures import MutableScopeHeaders, State
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.access.key_ring import KeyRing
from app.auth import WITHOUT_KEY, caller_of
from app.errors import GroundswellError
from app.ingest.limits import LIMIT_HEADERS
from app.settings import Settings

MAX_AGE_SECONDS = 7_200
EXPOSED = ", ".join(("retry-after", *LIMIT_HEADERS))
ALLOWED_HEADERS = "content-type, content-encoding, authorization, x-api-key"


class Cors(ASGIMiddleware):
    """Adds to each answer whether the page that asked may read it."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on, and see to the answer's headers."""
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        if origin is None:
            await next_app(scope, receive, send)
            return
        request: Request[Any, Any, State] = Request(scope)
        allowed = await _allowed_origin(request, origin.decode("latin-1"))

        async def send_allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders(message)
                headers.extend_header_value("vary", "origin")
                if allowed is not None:
                    headers["access-control-allow-origin"] = allowed
                    headers["access-control-expose-headers"] = EXPOSED
            await send(message)

        await next_app(scope, receive, send_allowed)


def preflight(path: str, *, name: str) -> HTTPRouteHandler:
    """Make the route that answers browsers which ask whether a page may POST to `path`."""

    async def ask(request: Request[Any, Any, State]) -> Response[None]:
        headers = {"allow": "OPTIONS, POST"}
        origin = request.headers.get("origin", "")
        if origin and await _allowed_origin(request, origin) is not None:
            headers |= {
                "access-control-allow-methods": "POST",
                "access-control-allow-headers": ALLOWED_HEADERS,
                "access-control-max-age": str(MAX_AGE_SECONDS),
            }
        return Response(None, status_code=204, headers=headers)

    return HTTPRouteHandler(
        path, http_method=["OPTIONS"], status_code=204, include_in_schema=False, name=name
    )(ask)


async def _allowed_origin(request: Request[Any, Any, State], origin: str) -> str | None:
    """Return what `Access-Control-Allow-Origin` is to say, None for nothing."""
    settings: Settings = request.app.state.settings
    try:
        caller = await caller_of(request)
    except GroundswellError:
        return None
    if caller.key is not None and caller.is_public:
        return origin if caller.key.allows_origin(origin) else None
    if "write" in WITHOUT_KEY[settings.require_keys]:
        # Everybody may write then, from wherever.
        return "*"
    ring: KeyRing = request.app.state.key_ring
    return origin if ring.allows_origin(origin) else None
