"""Where the tests' TimescaleDB and Redis come from.

The server named by `TEST_DATABASE_URL`, else containers where a Docker engine answers, else the
embedded engine. A `Home` hands out as many `Engine`s as are asked for, each a copy of one migrated
template without pg_cron's jobs: tests call those themselves.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.engines.container import start_container
from tests.engines.embedded import EmbeddedHome
from tests.engines.engine import Engine, Home
from tests.engines.server import ServerHome

__all__ = ["Engine", "Home", "open_home"]


async def open_home(cache: Path) -> Home:
    """Return the home the environment offers; `cache` keeps the embedded template between runs."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        return await ServerHome.open(url)
    if container := await start_container():
        return await ServerHome.open(container.url, container=container)
    return await EmbeddedHome.open(cache)
