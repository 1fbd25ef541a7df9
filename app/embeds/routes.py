"""`/embed.js`, elements for any page, and `/embed/trending`, the only page that may be framed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from litestar import Response, Router, get

from app.access.guard import caller_of
from app.errors import GroundswellError
from app.http.scripts import KEPT, PlainRequest, script_at, sent
from app.services import services_of

FOLDER = Path(__file__).parent
FRAME = (FOLDER / "frame.html").read_bytes()
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors "
)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9*.\[\]:_-]+", re.ASCII)


@get("/embed/trending", include_in_schema=False)
async def trending(request: PlainRequest) -> Response[bytes]:
    """Return the page for frames; its script reads from the address what it is to show."""
    headers = {
        "content-type": "text/html; charset=utf-8",
        # A key may be revoked, or given other origins: asked for anew.
        "cache-control": "no-cache" if "key" in request.query_params else KEPT,
        "content-security-policy": POLICY + framers(await _origins(request)),
        "referrer-policy": "no-referrer",
    }
    return sent(request, FRAME, headers)


def framers(origins: Iterable[str]) -> str:
    """Return what `frame-ancestors` is to say; what is no origin is left out."""
    if "*" in origins:
        return "*"
    return " ".join(["'self'", *sorted(filter(_ORIGIN.fullmatch, origins))])


async def _origins(request: PlainRequest) -> frozenset[str]:
    """Return the origins of a public key that the address shows, else those of the settings."""
    named = services_of(request).settings.cors_origin_set
    try:
        caller = await caller_of(request)
    except GroundswellError:
        return named
    if caller.key is None or not caller.is_public:
        return named
    return caller.key.allowed_origins or frozenset("*")


router = Router(
    "/",
    route_handlers=[
        trending,
        script_at("/embed.js", FOLDER / "embed.js"),
        script_at("/embed/frame.js", FOLDER / "frame.js"),
    ],
)
