"""An API process of a test's own, as in production."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from app.serve import free_port
from app.settings import Settings
from tests.eventually import eventually

HOST = "127.0.0.1"
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here speaks TLS, and reading the usual ones takes longer than many requests."""


class Site:
    """An API process; it can be ended, and started again on its port.

    `program` is what Python runs. Unless told otherwise, it stops without waiting for callers.
    """

    awaited = "/analytics/trending"
    """It has started once this is answered."""

    def __init__(
        self,
        settings: Settings,
        environment: dict[str, str],
        *,
        program: tuple[str, str] = ("-m", "app"),
    ) -> None:
        self._program = program
        self._environment = {
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "GROUNDSWELL_STOP_SECONDS": "0",
            **environment,
        }
        self._errors: Path | None = None
        self.port = free_port(HOST)
        self.process: asyncio.subprocess.Process | None = None
        self.url = f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it answers; it may be running."""
        if self.process is not None and self.process.returncode is None:
            return
        with tempfile.NamedTemporaryFile(delete=False) as errors:
            self._errors = Path(errors.name)
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *self._program, "serve", "--port", str(self.port),
                env={**os.environ, **self._environment}, stderr=errors,
            )  # fmt: skip
        await self._ready()

    async def stop(self) -> None:
        """End it. Nothing that callers did may have ended in a traceback."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await self.process.wait()
        if self._errors is not None:
            written, self._errors = self._errors, None
            text = written.read_text()
            written.unlink()
            assert "Traceback" not in text, text

    async def _ready(self) -> None:
        async with httpx.AsyncClient(verify=NO_CERTIFICATES) as client:

            async def answers() -> bool:
                try:
                    return (await client.get(f"{self.url}{self.awaited}")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(answers, within=60, every=0.05)


@asynccontextmanager
async def served(settings: Settings, **environment: str) -> AsyncIterator[Site]:
    """Run the API on the tests' servers, with these settings beside them."""
    site = Site(settings, environment)
    try:
        await site.start()
        yield site
    finally:
        await site.stop()
