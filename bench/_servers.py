"""Servers of benchmarks, each a process of its own, stopped as a supervisor does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from app.settings import Settings
from tests.eventually import eventually

_ROOT = Path(__file__).parents[1]


@asynccontextmanager
async def ours(settings: Settings, port: int, **environment: str) -> AsyncIterator[None]:
    """Run the API with one worker."""
    addresses = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    async with process("app", "serve", "--port", str(port), **addresses, **environment):
        yield


@asynccontextmanager
async def rival(name: str, port: int, what: str) -> AsyncIterator[None]:
    """Run a server of `bench._rivals` that answers with `what`."""
    async with process("bench._rivals", name, str(port), what):
        yield


@asynccontextmanager
async def process(module: str, *arguments: str, **environment: str) -> AsyncIterator[None]:
    """Run a module of Python."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=_ROOT, env={**os.environ, **environment}
    )
    try:
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        await running.wait()


async def answer(port: int, path: str, *, having: str) -> bytes:
    """Return the body of the first 200 that has something at `having`."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(600):
            try:
                found = await client.get(path, headers={"accept-encoding": "identity"})
            except httpx.TransportError:
                found = None
            if found is not None and found.is_success and found.json()[having]:
                return found.content
            await asyncio.sleep(0.05)
    raise AssertionError("the server gives no answer")


async def ready(port: int) -> None:
    """Return once the API there can serve."""

    async def is_ready() -> bool:
        try:
            return (await client.get("/health/ready")).status_code == 200
        except httpx.RequestError:
            return False

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await eventually(is_ready, within=60)
