"""Who may call /admin: whoever has the key of `GROUNDSWELL_ADMIN_KEY`."""

from __future__ import annotations

import hmac
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from app.errors import AdminDisabledError, UnauthorizedError
from app.settings import Settings

SCHEME = "bearer"


def require_admin_key(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    """Raise unless `Authorization: Bearer …` holds the admin key."""
    settings: Settings = connection.app.state.settings
    if not settings.admin_key:
        raise AdminDisabledError(
            "set GROUNDSWELL_ADMIN_KEY to a long random text and restart, then send it as "
            "`Authorization: Bearer …`"
        )
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME or not given:
        raise UnauthorizedError("send the admin key as `Authorization: Bearer …`")
    # In constant time, so that nobody can guess it piece by piece; headers come as Latin-1.
    if not hmac.compare_digest(given.strip().encode("latin-1"), settings.admin_key.encode()):
        raise UnauthorizedError("this is not the admin key")
