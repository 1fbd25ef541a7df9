"""The API in this process, under settings of a test's own, and keys to call it with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx

from app.access.api_key import Kind, Scope, new_key
from app.access.bounds import OPEN, PUBLIC, Bounds
from app.access.queries import create_api_key
from app.main import create_app
from app.rankings.hot_path import HotPath
from app.rankings.snapshots import Snapshots
from app.runtime.logs import configure_logs
from app.runtime.pool import Pool
from app.settings import Settings
from tests.lifespan import client_of

KEPT = 4
"""Most applications that wait to be run again: those of a test's own settings are not."""
_idle: dict[Settings, HotPath] = {}


@asynccontextmanager
async def api_of(
    settings: Settings, *, peer: str = "127.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    """Run the API; requests seem to come from the address `peer`.

    Making its routes costs more than most tests do. What a lifespan opens is new each time: an
    application whose lifespan has ended is run again, and remembers nothing.
    """
    app = _idle.pop(settings, None) or create_app(settings)
    configure_logs(settings)
    vars(app.snapshots).update(vars(Snapshots(max_age=settings.trending_max_age)))
    app.edge.stopping.is_asked = False
    async with client_of(app, peer=peer) as client:
        yield client
    _idle[settings] = app
    while len(_idle) > KEPT:
        del _idle[next(iter(_idle))]


async def make_key(
    pool: Pool,
    *scopes: Scope,
    kind: Kind = "secret",
    origins: tuple[str, ...] = (),
    rate_limit: int | None = None,
    bounds: Bounds | None = None,
) -> str:
    """Make a key, with the scope `write` unless told otherwise, and return it."""
    key = new_key(kind)
    async with pool.connection() as connection:
        await create_api_key(
            connection,
            name="a test's",
            kind=kind,
            prefix=key.prefix,
            key_hash=key.digest,
            scopes=list(scopes or ("write",)),
            allowed_origins=list(origins),
            rate_limit=rate_limit,
            bounds=bounds or (PUBLIC if kind == "public" else OPEN),
            created_at=datetime.now(UTC),
        )
    return key.text


def bearer(key: str) -> dict[str, str]:
    """Return the header that shows `key`."""
    return {"authorization": f"Bearer {key}"}
