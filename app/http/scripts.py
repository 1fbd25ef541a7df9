"""Files that pages of other origins load: `/beacon.js`, `/embed.js`, and what frames them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from app.http.answers import names_tag

KEPT = "public, max-age=3600"
SCRIPT = {
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": KEPT,
    # Any page may load it, also one that isolates itself from other origins.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}

PlainRequest = Request[Any, Any, State]


def sent(request: PlainRequest, body: bytes, headers: Mapping[str, str]) -> Response[bytes]:
    """Send a file, or 304 to who has it with the same headers."""
    known = hashlib.sha256(repr(sorted(headers.items())).encode() + body).hexdigest()[:16]
    headers = {**headers, "etag": f'"{known}"'}
    if names_tag(request.headers.get("if-none-match", "").encode(), headers["etag"].encode()):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, headers=headers)


def script_at(address: str, file: Path) -> HTTPRouteHandler:
    """Make the route that sends a script."""
    body = file.read_bytes()

    @get(address, include_in_schema=False, name=f"script {address}")
    async def script(request: PlainRequest) -> Response[bytes]:
        return sent(request, body, SCRIPT)

    return script
