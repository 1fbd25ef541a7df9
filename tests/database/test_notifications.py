"""Announcements of the database, and poolers that swallow them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from structlog.testing import capture_logs

from app.runtime import notifications
from app.runtime.notifications import of_database
from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually

ANNOUNCEMENT = b"A"
"""The type of a NotificationResponse."""


@asynccontextmanager
async def pooled(database_url: str) -> AsyncIterator[str]:
    """Stand before the database as a pooler by transaction does: announcements do not pass."""
    server = conninfo_to_dict(database_url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up = await asyncio.open_connection(str(server["host"]), int(server["port"] or 5432))
        await asyncio.wait(
            [
                asyncio.ensure_future(_ask(reader, up[1])),
                asyncio.ensure_future(_answer(up[0], writer)),
            ],
            return_when=asyncio.FIRST_COMPLETED,
        )
        writer.close()
        up[1].close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield make_conninfo(database_url, host="127.0.0.1", port=port, sslmode="disable")


async def _ask(reader: asyncio.StreamReader, up: asyncio.StreamWriter) -> None:
    while some := await reader.read(65_536):
        up.write(some)


async def _answer(down: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await down.readexactly(5)
            body = await down.readexactly(int.from_bytes(head[1:]) - 4)
            if head[:1] != ANNOUNCEMENT:
                writer.write(head + body)
    except asyncio.IncompleteReadError:
        pass


@pytest.mark.parametrize("is_pooled", [False, True])
async def test_who_hears_nothing_says_so(
    settings: Settings, pool: Pool, monkeypatch: pytest.MonkeyPatch, *, is_pooled: bool
) -> None:
    monkeypatch.setattr(notifications, "HEAR_SECONDS", 0.5)
    async with pooled(settings.database_url) as pooled_url:
        url = pooled_url if is_pooled else settings.database_url
        heard = of_database(msgspec.structs.replace(settings, database_url=url), "news")
        with capture_logs() as logs:
            async with heard.subscribed("news") as wake:
                await asyncio.wait_for(wake.wait(), 10)

                async def told() -> bool:
                    return any("announces nothing" in line["event"] for line in logs)

                if is_pooled:
                    await eventually(told)
                # Before and after it knows whether it hears anything.
                for pause in (0, 0 if is_pooled else 0.7):
                    wake.clear()
                    await asyncio.sleep(pause)
                    async with pool.connection() as connection:
                        await connection.execute("notify news")
                    if is_pooled:
                        with pytest.raises(TimeoutError):
                            await asyncio.wait_for(wake.wait(), 0.2)
                    else:
                        await asyncio.wait_for(wake.wait(), 10)
                assert await told() is is_pooled
