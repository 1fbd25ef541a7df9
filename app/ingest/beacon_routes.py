"""`GET /beacon.js`: the script with which web pages record events."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import State

from app.http.answers import names_tag

SCRIPT = Path(__file__).with_suffix(".js").read_bytes()
ETAG = f'"{hashlib.sha256(SCRIPT).hexdigest()[:16]}"'
HEADERS = {
    "etag": ETAG,
    "cache-control": "public, max-age=3600",
    "content-type": "text/javascript; charset=utf-8",
    # Any page may load it, also one that isolates itself from other origins.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}


@get("/beacon.js", include_in_schema=False)
async def script(request: Request[Any, Any, State]) -> Response[bytes]:
    """Send the script, or 304 to who has it."""
    if names_tag(request.headers.get("if-none-match", "").encode(), ETAG.encode()):
        return Response(b"", status_code=304, headers=HEADERS)
    return Response(SCRIPT, headers=HEADERS)


router = Router("/", route_handlers=[script])
