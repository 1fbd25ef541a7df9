"""A receiver of webhooks, on a port of its own, that does as it is told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest

from app.alerts.deliverer import Deliverer
from app.alerts.feed import AlertFeed
from app.alerts.sender import Sender, open_sender
from app.runtime.pool import Pool
from app.settings import Settings
from tests.alerting import enters_top, subscribe
from tests.alerts.listening import following
from tests.sql.world import AS_OF, World

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Received(msgspec.Struct):
    """One request."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Receiver:
    """An HTTP server that keeps what it gets and answers as `answer` says."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Answer = status(200)
        self.port = 0

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/hook?a=b"

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.received]

    @asynccontextmanager
    async def open(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value
                for name, _, value in (line.partition(": ") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.received.append(Received(head[0], headers, body))
            if self.answer is silence:
                await reader.read()
            await self.answer(writer)
        writer.close()


def status(code: int, **headers: str) -> Answer:
    """Answer with a status and headers, and no body."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {code} X\r\ncontent-length: 0\r\n{lines}\r\n".encode())
        await writer.drain()

    return answer


async def silence(_: asyncio.StreamWriter) -> None:
    """Answer nothing; the receiver waits until the other side has gone."""


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().open() as receiver:
        yield receiver


@pytest.fixture
async def world(clean: None, pool: Pool) -> AsyncIterator[World]:  # noqa: ARG001
    async with pool.connection() as connection:
        yield World(connection)


@pytest.fixture(scope="session")
def trust() -> ssl.SSLContext:
    """The usual certificates: reading them costs more than a test."""
    return ssl.create_default_context()


@pytest.fixture
async def sender(trust: ssl.SSLContext) -> AsyncIterator[Sender]:
    """A sender to whom receivers on this machine are allowed."""
    async with open_sender(allow_private=True, trust=trust) as sender:
        yield sender


class Post:
    """A deliverer whose clock is moved by hand, from AS_OF on."""

    def __init__(self, settings: Settings, pool: Pool, sender: Sender) -> None:
        self.now = AS_OF
        self._made_of = (settings, pool, sender)
        self.deliverer = Deliverer(
            pool=pool,
            sender=sender,
            timeout=settings.database_timeout,
            clock=lambda: self.now,
            chance=lambda: 0.5,
        )

    def twin(self) -> Post:
        """Make another one, as of another worker."""
        return Post(*self._made_of)

    async def send(self) -> int:
        """Send all that is due, and wait until that is recorded; return how many there were."""
        sent = 0
        while taken := await self.deliverer.start_due():
            sent += taken
            await self.deliverer.finish(within=20)
        return sent


@pytest.fixture
def post(settings: Settings, pool: Pool, sender: Sender) -> Post:
    return Post(settings, pool, sender)


async def raise_alerts(world: World, url: str, *, alerts: int = 1, **given: Any) -> int:
    """Subscribe with a webhook and raise test alerts for it; return the subscription."""
    made = await subscribe(world, enters_top(1), ranking="trending_24h", url=url, **given)
    for _ in range(alerts):
        await world.execute("select api.test_alert(%s, %s)", made, AS_OF)
    return made


async def log_of(world: World) -> list[tuple[Any, ...]]:
    """Return attempt, status, error and the pause before the next try, in seconds, of every try."""
    return await world.rows(
        """
        select
            attempt, status, error,
            round(date_part('epoch', next_attempt_at - attempted_at - duration))::integer
        from core.alert_delivery order by alert_id, attempt
        """
    )


async def got(receiver: Receiver, count: int) -> bool:
    """Tell whether a receiver has got so many."""
    return len(receiver.received) >= count


@pytest.fixture
async def feed(settings: Settings, pool: Pool) -> AsyncIterator[AlertFeed]:
    async with following(AlertFeed(settings=settings, pool=pool)) as feed:
        yield feed
