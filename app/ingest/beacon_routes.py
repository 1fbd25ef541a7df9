"""`GET /beacon.js`: the script with which web pages record events."""

from __future__ import annotations

from pathlib import Path

from litestar import Router

from app.http.scripts import script_at

router = Router("/", route_handlers=[script_at("/beacon.js", Path(__file__).with_suffix(".js"))])
