"""`/beacon.js` in a real browser, on a page of another origin."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.packing import EVENT_TYPES, PackedEvent
from app.ingest.stream import from_fields
from app.ingest.uuid7 import millisecond_of
from app.runtime.pool import Pool
from app.serve import free_port
from tests.eventually import eventually
from tests.serving import make_key

CHROMIUM = shutil.which("chromium")
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"

pytestmark = [
    pytest.mark.usefixtures("clean"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt install chromium"),
]


@pytest.fixture(scope="module")
async def port(database_url: str, redis_url: str) -> AsyncIterator[int]:
    """The port of an API that records with a key only."""
    port = free_port("127.0.0.1")
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "GROUNDSWELL_REQUIRE_KEYS": "write",
    }
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "serve", "--port", str(port), env=environment
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

        async def live() -> bool:
            try:
                return (await client.get("/health/live")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(live, within=30)
        yield port
    server.send_signal(signal.SIGTERM)
    await server.wait()


@pytest.fixture
async def browser() -> AsyncIterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from playwright.async_api import async_playwright  # noqa: PLC0415
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def served(html: list[str]) -> AsyncIterator[str]:
    """Serve a page from an origin of its own, which this gives.

    Playwright's fulfilled routes will not do: such pages may not ask loopback addresses.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A browser also opens connections that it does not use, or leaves at once.
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
            writer.write((head + html[0]).encode())
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Visit:
    """Opens pages that record a view by themselves and a like by their own script."""

    def __init__(self, browser: Any, pool: Pool, port: int) -> None:
        self._browser = browser
        self._pool = pool
        self._port = port

    @asynccontextmanager
    async def __call__(self, *, before: str = "", user_agent: str = PERSON) -> AsyncIterator[Any]:
        """Open one; the script `before` runs before its own."""
        html: list[str] = []
        async with served(html) as origin:
            key = await make_key(self._pool, kind="public", origins=(origin,))
            html.append(
                f"""<!doctype html><title>A page</title>
                <script src="http://127.0.0.1:{self._port}/beacon.js" data-key="{key}"
                    data-content-id="film-1" data-content-type="film"></script>
                <script>groundswell('like', 'a', {{userId: 'u'}})</script>"""
            )
            context = await self._browser.new_context(user_agent=user_agent)
            page = await context.new_page()
            if before:
                await page.add_init_script(before)
            await page.goto(origin)
            yield page
            await context.close()


@pytest.fixture
def visit(browser: Any, pool: Pool, port: int) -> Visit:
    return Visit(browser, pool, port)


async def recorded(redis: Redis) -> list[PackedEvent]:
    entries: Any = await redis.xrange(keys.EVENT_STREAM)
    return [event for _, fields in entries for event in from_fields(fields).events]


async def test_a_page_records_with_a_beacon_in_one_batch(visit: Visit, redis: Redis) -> None:
    async with visit() as page:
        view, like = await eventually(lambda: recorded(redis))
        assert view.session_id == like.session_id == await page.evaluate("sessionStorage.gs")
    assert await redis.xlen(keys.EVENT_STREAM) == 1
    assert (EVENT_TYPES[view.type], view.content_type, view.content_id) == (
        "view",
        "film",
        "film-1",
    )
    assert (EVENT_TYPES[like.type], like.content_id, like.user_id) == ("like", "a", "u")
    milliseconds = [millisecond_of(UUID(bytes=event.event_id)) for event in (view, like)]
    assert [event.occurred_at // 1_000 for event in (view, like)] == milliseconds
    assert view.uncounted_because is None


async def test_what_waits_is_sent_when_the_page_is_left(visit: Visit, redis: Redis) -> None:
    async with visit(before="window.setTimeout = () => 1") as page:
        assert await recorded(redis) == []
        await page.goto("about:blank")
        assert len(await eventually(lambda: recorded(redis))) == 2


async def test_without_sendbeacon_it_fetches(visit: Visit, redis: Redis) -> None:
    async with visit(before="navigator.sendBeacon = () => false"):
        assert len(await eventually(lambda: recorded(redis))) == 2


@pytest.mark.parametrize("wish", ["globalPrivacyControl", "doNotTrack"])
async def test_who_does_not_want_to_be_tracked_is_not(
    visit: Visit, redis: Redis, wish: str
) -> None:
    said = f"Object.defineProperty(navigator, '{wish}', {{value: '1'}})"
    async with visit(before=said) as page:
        # Leaving sends whatever would be waiting.
        await page.evaluate("dispatchEvent(new Event('pagehide'))")
        assert await page.evaluate("sessionStorage.length") == 0
        await page.evaluate("fetch('/').then(answer => answer.text())")
        assert await recorded(redis) == []


async def test_a_headless_browser_is_a_bot(visit: Visit, redis: Redis) -> None:
    async with visit(user_agent=PERSON.replace("Chrome", "HeadlessChrome")):
        events = await eventually(lambda: recorded(redis))
    assert {event.uncounted_because for event in events} == {"bot: HeadlessChrome"}
