"""Engines of the embedded TimescaleDB and Redis: processes of their own, from a copied folder."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg

from app.embedded import EmbeddedTimescaledb, copy_data
from app.embedded.redis import Fsync
from app.migrate import migrate as migrate_module
from app.migrate.migrate import migrate
from tests.engines.engine import Engine
from tests.engines.redis import KillableRedis

UNUSED_SECONDS = 3_600.0
"""Age from which on a kept folder is no longer needed by a run."""

ROOT = Path(migrate_module.__file__).parents[2]


class EmbeddedHome:
    """Two data folders, empty and migrated, kept from run to run while what made them stays."""

    name = "embedded"

    def __init__(self, empty: Path, template: Path) -> None:
        self._empty = empty
        self._template = template

    @classmethod
    async def open(cls, cache: Path) -> EmbeddedHome:
        """Use the folders of this very code, or make them."""
        async with _alone(cache):
            empty, template = await asyncio.to_thread(_find, cache)
            await _make_once(empty, source=None)
            await _make_once(template, source=empty)
        return cls(empty, template)

    async def engine(
        self, folder: Path, *, empty: bool = False, fsync: Fsync = "everysec"
    ) -> Engine:
        """Start both servers on `folder`, from a copy of a kept folder."""
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        source = self._empty if empty else self._template
        async with _alone(source.parent):
            await asyncio.to_thread(copy_data, source, folder)
        engine = EmbeddedEngine(folder, fsync)
        await engine.start()
        return engine

    async def close(self) -> None:
        """Keep the template for the next run."""


class EmbeddedEngine:
    """Both embedded servers, on free ports."""

    shares_server = False

    def __init__(self, folder: Path, fsync: Fsync) -> None:
        self._folder = folder
        self._database = EmbeddedTimescaledb(folder)
        self._redis = KillableRedis(folder, fsync=fsync)

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

    def signal_redis(self, number: int) -> None:
        self._redis.signal(number)

    def signal_database(self, number: int) -> None:
        os.killpg(self._database.process.pid, number)

    async def kill_database(self) -> None:
        self.signal_database(signal.SIGKILL)
        await self._database.wait()

    async def start_database(self) -> None:
        await self._database.start()

    async def kill_redis(self) -> None:
        await self._redis.kill()

    async def start_redis(self) -> None:
        await self._redis.start()

    async def heal(self) -> None:
        if self._database.process.returncode is None:
            self.signal_database(signal.SIGCONT)
        else:
            await self.start_database()
        await self._redis.heal()

    async def stop(self) -> None:
        await asyncio.gather(self._database.stop(), self._redis.stop())
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


@asynccontextmanager
async def _alone(cache: Path) -> AsyncIterator[None]:
    """Keep other runs, and the other workers of this one, from the kept folders meanwhile."""
    with (cache / "lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield


def _find(cache: Path) -> tuple[Path, Path]:
    """Return where the empty and the migrated folder belong, and remove long unused ones."""
    gateway = [ROOT / "app" / "embedded" / "gateway" / name for name in ("*.mjs", "*lock.json")]
    schema = [ROOT / "db" / "**" / "*.sql", ROOT / "app" / "migrate" / "*.py"]
    empty = cache / f"empty-{_hash(gateway)}"
    template = cache / f"template-{_hash(gateway + schema)}"
    for folder in (empty, template):
        with suppress(FileNotFoundError):
            os.utime(folder)
    for old in cache.glob("*-*"):
        # Another run, of older or newer code, may be using it now.
        if old.stat().st_mtime < time.time() - UNUSED_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    return empty, template


async def copy_empty(cache: Path, folder: Path) -> None:
    """Fill `folder` with the data of a cleanly stopped engine, before any migration."""
    async with _alone(cache):
        empty, _ = await asyncio.to_thread(_find, cache)
        await _make_once(empty, source=None)
        await asyncio.to_thread(copy_data, empty, folder)


async def _make_once(target: Path, *, source: Path | None) -> None:
    if not await asyncio.to_thread(target.exists):
        await _make(target, source=source)


async def _make(target: Path, *, source: Path | None) -> None:
    """Make a data folder, migrated if it has a source, and rename it when it is whole."""
    draft = target.with_name(f"draft-{secrets.token_hex(4)}")
    await asyncio.to_thread(draft.mkdir, parents=True)
    database = EmbeddedTimescaledb(draft)
    try:
        if source is not None:
            await asyncio.to_thread(copy_data, source, draft)
        await database.start()
        if source is not None:
            await migrate(database.url)
            await _unschedule_jobs(database.url)
        await database.stop()
        await asyncio.to_thread(draft.rename, target)
    finally:
        await database.stop()
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)


async def _unschedule_jobs(url: str) -> None:
    """Keep the gateway from running jobs in the middle of a test."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("select cron.unschedule(jobid) from cron.job")


def _hash(patterns: list[Path]) -> str:
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(ROOT.glob(str(pattern.relative_to(ROOT)))):
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
