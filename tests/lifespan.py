"""Running an ASGI application in a test, as a server does, and asking it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

App = Callable[..., Awaitable[None]]


@asynccontextmanager
async def client_of(app: App, *, peer: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    """Run `app`, and give a client of it; requests seem to come from the address `peer`."""
    transport = httpx.ASGITransport(app=app, client=(peer, 4321))
    async with (
        lifespan(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    """Start `app` up, and shut it down at the end; its failures are raised here."""
    to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    task = asyncio.ensure_future(app(scope, to_app.get, from_app.put))
    await _step("startup", task, to_app, from_app)
    try:
        yield
    finally:
        await _step("shutdown", task, to_app, from_app)
        await task


async def _step(
    name: str,
    task: asyncio.Future[None],
    to_app: asyncio.Queue[dict[str, Any]],
    from_app: asyncio.Queue[dict[str, Any]],
) -> None:
    await to_app.put({"type": f"lifespan.{name}"})
    answer = asyncio.ensure_future(from_app.get())
    waited: set[asyncio.Future[Any]] = {answer, task}
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        answer.cancel()
        await task
        raise AssertionError(f"the application ended at its {name}")
    message = answer.result()
    if message["type"] != f"lifespan.{name}.complete":
        raise AssertionError(f"{name} failed: {message.get('message')}")
