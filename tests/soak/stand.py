"""What a soak runs on: an engine, the parts on top of it, and hands on all of them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.serve import free_port
from tests.engines import Engine, Home
from tests.eventually import eventually
from tests.site import NO_CERTIFICATES
from tests.soak.ledger import Ledger
from tests.soak.parts import Part, make_parts
from tests.soak.power import SyncedMark
from tests.soak.traffic import Traffic

KILL_COMMAND, START_COMMAND = "SOAK_DATABASE_KILL", "SOAK_DATABASE_START"
"""Shell commands that kill and start the server of TEST_DATABASE_URL, where it is the soak's own;
without them only its sessions are ended, and new ones refused."""

SETTINGS = {
    # Kills are many a minute here: what waits seconds in production waits less.
    "GROUNDSWELL_BATCH_SECONDS": "0.02",
    "GROUNDSWELL_CLAIM_SECONDS": "1",
    "GROUNDSWELL_MAX_DELIVERIES": "100",
    "GROUNDSWELL_DATABASE_TIMEOUT": "2",
    "GROUNDSWELL_REDIS_TIMEOUT": "1",
    "GROUNDSWELL_POOL_SIZE": "4",
    "GROUNDSWELL_LOG_LEVEL": "warning",
}


class Stand:
    """The engine and the running parts."""

    burst = 4
    """Kills of one round, at random distances, each healed at once: settling is what costs."""
    pace = 0.02
    """Longest pause of a caller between two requests, in seconds."""

    traffic: Traffic
    """The callers; the soak makes them."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.port = free_port("127.0.0.1")
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            **SETTINGS,
            "DATABASE_URL": engine.database_url,
            "REDIS_URL": engine.redis_url,
            "PORT": str(self.port),
        }
        self.api, self.workers = make_parts(environment, folder)
        self.mark = SyncedMark(folder / "redis")
        self.ledger = Ledger()
        self._open: psycopg.AsyncConnection[Any] | None = None
        self.kills_server = all(os.environ.get(name) for name in (KILL_COMMAND, START_COMMAND))

    @property
    def parts(self) -> list[Part]:
        """The API and the workers."""
        return [self.api, *self.workers]

    @property
    def database_kill(self) -> str:
        """What killing the database means here, for the report."""
        if self.kills_server or not self.engine.shares_server:
            return "kill -9 of its processes"
        return "all its sessions ended, new ones refused"

    async def ready(self) -> None:
        """Wait until the API can serve."""

        async def is_ready() -> bool:
            try:
                return (await client.get("/health/ready")).status_code == 200
            except httpx.RequestError:
                return False

        async with httpx.AsyncClient(base_url=self.url, verify=NO_CERTIFICATES) as client:
            await eventually(is_ready, within=30)

    def redis(self) -> redis.asyncio.Redis:
        """Make a client of the harness' own."""
        return redis.asyncio.Redis.from_url(
            self.engine.redis_url, socket_timeout=2, retry=Retry(NoBackoff(), 0), protocol=2
        )

    async def connect(self) -> psycopg.AsyncConnection[Any]:
        """Connect to the database."""
        return await psycopg.AsyncConnection.connect(
            self.engine.database_url,
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=5,
            application_name="soak",
        )

    async def kill_database(self) -> None:
        """End it as `database_kill` says."""
        if self.kills_server:
            await _shell(os.environ[KILL_COMMAND])
        else:
            await self.engine.kill_database()

    async def start_database(self) -> None:
        """Bring it back."""
        if self.kills_server:
            await _shell(os.environ[START_COMMAND])
        else:
            await self.engine.start_database()

    async def leave_open(self, *queries: str) -> None:
        """Open a transaction that asks these, and end the one that was opened before."""
        await self.close_open()
        self._open = await self.connect()
        await self._open.execute("begin isolation level repeatable read")
        for query in queries:
            await self._open.execute(query.encode())

    async def close_open(self) -> None:
        """End the transaction that was left open, where nothing else has ended it."""
        if self._open is not None:
            await self._open.close()
            self._open = None

    async def stop(self) -> None:
        """End everything, whatever state a fault has left it in."""
        await self.close_open()
        for part in self.parts:
            part.signal(signal.SIGCONT)
            await part.kill()


@asynccontextmanager
async def open_stand(home: Home, folder: Path) -> AsyncIterator[Stand]:
    """Start everything in `folder`."""
    engine = await home.engine(folder, fsync="always")
    stand = Stand(engine, folder)
    try:
        for part in stand.parts:
            await part.start()
        yield stand
    finally:
        if sys.exc_info()[0] is not None:
            report_logs(folder)
        await stand.stop()
        await engine.stop()


def report_logs(folder: Path, lines: int = 15) -> None:
    """Show the end of each part's log, before it is removed."""
    for log in sorted(folder.glob("*.log")):
        tail = log.read_text(errors="replace").splitlines()[-lines:]
        sys.stderr.write("\n".join([f"--- {log.name}", *tail, ""]))


async def _shell(command: str) -> None:
    process = await asyncio.create_subprocess_shell(command, stdin=asyncio.subprocess.DEVNULL)
    if code := await process.wait():
        raise RuntimeError(f"{command!r} ended with {code}")
