"""Pages of another origin, as a publisher would serve them, and what is recorded from them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.packing import PackedEvent
from app.ingest.stream import from_fields
from app.runtime.pool import Pool
from tests import site
from tests.eventually import eventually
from tests.serving import make_key

PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"
TAG = """<script {how} src="{api}/beacon.js" data-key="{key}"
    data-content-id="film-1" data-content-type="film"></script>"""
PAGE = f"""<!doctype html><title>A page</title>{TAG}
<script>groundswell('like', 'a', {{{{userId: 'u'}}}})</script>"""


@asynccontextmanager
async def served(html: list[str], *, policy: str = "") -> AsyncIterator[str]:
    """Serve a page from an origin of its own, which this gives; a second one as `/next`.

    `policy` is its Content-Security-Policy. `/wait` is answered once `/ready` was asked for.

    Playwright's fulfilled routes will not do: such pages may not ask loopback addresses.
    """

    ready = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A browser also opens connections that it does not use, or leaves at once.
        with suppress(OSError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            if request.startswith(b"GET /wait "):
                await ready.wait()
            elif request.startswith(b"GET /ready "):
                ready.set()
            page = html[-1 if request.startswith(b"GET /next ") else 0]
            head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
            head += "Connection: close\r\n"
            head += f"Content-Security-Policy: {policy}\r\n\r\n" if policy else "\r\n"
            writer.write((head + page).encode())
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Hosted:
    """Opens pages that record a view by themselves and a like by their own script."""

    def __init__(self, browser: Any, pool: Pool, api_url: str) -> None:
        self._browser = browser
        self._pool = pool
        self._api_url = api_url

    @asynccontextmanager
    async def __call__(
        self, html: str = PAGE, *, before: str = "", user_agent: str = PERSON, how: str = ""
    ) -> AsyncIterator[Any]:
        """Open one; the script `before` runs before its own."""
        written: list[str] = []
        async with served(written) as origin:
            key = await make_key(self._pool, kind="public", origins=(origin,))
            await eventually(lambda: is_known(self._api_url, key, origin))
            written.append(html.format(key=key, api=self._api_url, how=how))
            context = await self._browser.new_context(user_agent=user_agent)
            page = await context.new_page()
            if before:
                await page.add_init_script(before)
            await page.goto(origin)
            yield page
            await context.close()


@asynccontextmanager
async def alone(url: str, profile: Path) -> AsyncIterator[None]:
    """Let a browser that nobody holds open a page: such a hold ends what browsers do by themselves.

    That is making pages ready, and keeping those that were left.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium on PATH: apt install chromium")
    browser = await asyncio.create_subprocess_exec(
        chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--remote-debugging-port=0", f"--user-agent={PERSON}", f"--user-data-dir={profile}",
        url, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        browser.terminate()
        await browser.wait()


async def is_known(api_url: str, key: str, origin: str) -> bool:
    """Return whether a key just made is known: it is looked up at most once a second."""
    url = f"{api_url}/analytics/events?validate=true&key={key}"
    async with httpx.AsyncClient(verify=site.NO_CERTIFICATES) as client:
        return (await client.post(url, json=[], headers={"origin": origin})).is_success


async def recorded(redis: Redis) -> list[PackedEvent]:
    entries: Any = await redis.xrange(keys.EVENT_STREAM)
    return [event for _, fields in entries for event in from_fields(fields).events]
