"""Engines of the embedded TimescaleDB and Redis: processes of their own, from a copied folder."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import psycopg

from app.database import migrate as migrate_module
from app.database.migrate import migrate
from app.embedded import EmbeddedTimescaledb, copy_data
from tests.engines.engine import Engine
from tests.engines.redis import KillableRedis

ROOT = Path(migrate_module.__file__).parents[2]


class EmbeddedHome:
    """The data folder of a migrated engine, kept from run to run while db/ stays as it is."""

    name = "embedded"

    def __init__(self, template: Path) -> None:
        self._template = template

    @classmethod
    async def open(cls, cache: Path) -> EmbeddedHome:
        """Use the template of this very schema, or make it and remove those of others."""
        template = await asyncio.to_thread(_find_template, cache)
        if not await asyncio.to_thread(template.exists):
            await _make_template(template)
        return cls(template)

    async def engine(self, folder: Path, *, empty: bool = False) -> Engine:
        """Start both servers on `folder`, from a copy of the template unless `empty`."""
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        if not empty:
            await asyncio.to_thread(copy_data, self._template, folder)
        engine = EmbeddedEngine(folder)
        await engine.start()
        return engine

    async def close(self) -> None:
        """Keep the template for the next run."""


class EmbeddedEngine:
    """Both embedded servers, on free ports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database = EmbeddedTimescaledb(folder)
        self._redis = KillableRedis(folder)

    async def start(self) -> None:
        """Start both."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._database.start())
            group.create_task(self._redis.start())

    @property
    def database_url(self) -> str:
        return self._database.url

    @property
    def redis_url(self) -> str:
        return self._redis.url

    async def kill_database(self) -> None:
        os.killpg(self._database.process.pid, signal.SIGKILL)
        await self._database.wait()

    async def start_database(self) -> None:
        await self._database.start()

    async def kill_redis(self) -> None:
        await self._redis.kill()

    async def start_redis(self) -> None:
        await self._redis.start()

    async def stop(self) -> None:
        await asyncio.gather(self._database.stop(), self._redis.stop())
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


def _find_template(cache: Path) -> Path:
    """Return where the template of this very schema belongs, and remove those of others."""
    template = cache / f"template-{_content_hash()}"
    for old in cache.glob("template-*"):
        if old != template:
            shutil.rmtree(old, ignore_errors=True)
    return template


async def _make_template(template: Path) -> None:
    """Migrate an engine beside `template`, then rename it: another run may be doing the same."""
    draft = template.with_name(f"draft-{secrets.token_hex(4)}")
    await asyncio.to_thread(draft.mkdir, parents=True)
    database = EmbeddedTimescaledb(draft)
    try:
        await database.start()
        await migrate(database.url)
        await _unschedule_jobs(database.url)
        await database.stop()
        with suppress(OSError):
            await asyncio.to_thread(draft.rename, template)
    finally:
        await database.stop()
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)


async def _unschedule_jobs(url: str) -> None:
    """Keep the gateway from running jobs in the middle of a test."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("select cron.unschedule(jobid) from cron.job")


def _content_hash() -> str:
    """Hash everything the template is made from."""
    digest = hashlib.sha256()
    files = [*(ROOT / "db").rglob("*.sql"), *(ROOT / "app" / "database").glob("*.py")]
    files += (ROOT / "app" / "embedded").glob("**/*.mjs")
    files += (ROOT / "app" / "embedded").rglob("package-lock.json")
    for path in sorted(files):
        if "node_modules" not in path.parts and path.is_file():
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
