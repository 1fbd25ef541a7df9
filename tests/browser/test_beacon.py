"""`/beacon.js` in a real browser, on a page of another origin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.packing import EVENT_TYPES, PackedEvent
from app.ingest.stream import from_fields
from app.ingest.uuid7 import millisecond_of
from app.runtime.pool import Pool
from app.settings import Settings
from tests import site
from tests.eventually import eventually
from tests.serving import make_key

PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(scope="module")
async def api_url(settings: Settings) -> AsyncIterator[str]:
    """Where an API is that records with a key only."""
    async with site.served(settings, GROUNDSWELL_REQUIRE_KEYS="write") as keyed:
        yield keyed.url


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

    def __init__(self, browser: Any, pool: Pool, api_url: str) -> None:
        self._browser = browser
        self._pool = pool
        self._api_url = api_url

    @asynccontextmanager
    async def __call__(self, *, before: str = "", user_agent: str = PERSON) -> AsyncIterator[Any]:
        """Open one; the script `before` runs before its own."""
        html: list[str] = []
        async with served(html) as origin:
            key = await make_key(self._pool, kind="public", origins=(origin,))
            html.append(
                f"""<!doctype html><title>A page</title>
                <script src="{self._api_url}/beacon.js" data-key="{key}"
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
def visit(chromium: Any, pool: Pool, api_url: str) -> Visit:
    return Visit(chromium, pool, api_url)


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
