"""`make docs`: write docs/sql.md anew from the catalogue of a freshly migrated database."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import psycopg

from app.runtime.logs import configure_logs
from app.settings import Settings
from tests.engines import open_home
from tests.surface.catalogue import read_catalogue
from tests.surface.page import PAGE, make_page
from tests.surface.ready import read_ready


async def main() -> None:
    """Migrate, read, write."""
    configure_logs(Settings(log_level="error"))
    with tempfile.TemporaryDirectory() as folder:
        cache, data = Path(folder) / "cache", Path(folder) / "engine"
        cache.mkdir()
        data.mkdir()
        home = await open_home(cache)
        engine = await home.engine(data)
        try:
            async with await psycopg.AsyncConnection.connect(
                engine.database_url, autocommit=True, prepare_threshold=None
            ) as connection:
                catalogue = await read_catalogue(connection)
        finally:
            await engine.stop()
            await home.close()
    PAGE.write_text(make_page(catalogue, read_ready()))
    print(f"{PAGE.relative_to(Path.cwd())} is current")


asyncio.run(main())
