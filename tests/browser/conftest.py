"""A browser, and an API process that it can visit."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import redis.asyncio

from app.rankings.publisher import Publisher
from app.runtime.pool import Pool
from app.settings import Settings
from tests.browser.host import Hosted
from tests.browser.pages import Show
from tests.site import Site, served
from tests.sql.world import World

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Page, Request

ADMIN_KEY = "an admin key of the tests"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Visit:
    """A page, with every fault and every other host that it met."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.faults: list[str] = []
        self.hosts: set[str] = set()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._note_console)
        page.on("request", self._note_request)

    async def open(self, path: str = "/") -> Page:
        """Go to a path of the site."""
        await self.page.goto(self.url + path)
        return self.page

    def _note_console(self, message: ConsoleMessage) -> None:
        # A page asks for lists of the past and for places that there may not be.
        if message.type in {"error", "warning"} and "status of 404" not in message.text:
            self.faults.append(message.text)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self.hosts.add(urlsplit(request.url).netloc)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs chromium on PATH: apt install chromium")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the imported package, not of ours
        from playwright.async_api import async_playwright  # noqa: PLC0415
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def running_site(settings: Settings) -> AsyncIterator[Site]:
    """An API process. It must not outlive the file: it warms and follows what others' tests do."""
    async with served(settings) as site:
        yield site


@pytest.fixture(scope="module")
async def closed_site(settings: Settings) -> AsyncIterator[Site]:
    """An API that shows nothing without a key."""
    keys = {"GROUNDSWELL_ADMIN_KEY": ADMIN_KEY, "GROUNDSWELL_REQUIRE_KEYS": "all"}
    site = Site(settings, keys)
    site.awaited = "/health/live"
    try:
        await site.start()
        yield site
    finally:
        await site.stop()


@pytest.fixture
async def site(running_site: Site) -> AsyncIterator[Site]:
    """The API process, running again after a test that ended it."""
    yield running_site
    await running_site.start()


@pytest.fixture
async def visit(chromium: Browser, running_site: Site) -> AsyncIterator[Visit]:
    """A visit to the site in a context of its own, which must meet no fault and no other host."""
    context = await chromium.new_context(viewport={"width": 1200, "height": 900})
    visit = Visit(await context.new_page(), running_site.url)
    yield visit
    await context.close()
    assert visit.faults == []
    assert visit.hosts <= {urlsplit(running_site.url).netloc}


@pytest.fixture(scope="module")
async def api_url(settings: Settings) -> AsyncIterator[str]:
    """Where an API is that records with a key only."""
    async with served(settings, GROUNDSWELL_REQUIRE_KEYS="write") as keyed:
        yield keyed.url


@pytest.fixture
def hosted(chromium: Browser, pool: Pool, api_url: str) -> Hosted:
    """Pages of other origins that record there."""
    return Hosted(chromium, pool, api_url)


@pytest.fixture
async def trees(
    clean: None,  # noqa: ARG001
    settings: Settings,
    pool: Pool,
    redis: redis.asyncio.Redis,
) -> AsyncIterator[Show]:
    """Ten trees in the catalogue that nothing has happened to."""
    async with pool.connection() as connection:
        world = World(connection)
        await world.only("hot", "trending_1h", "trending_24h", "trending_7d")
        show = Show(world, Publisher(settings=settings, pool=pool, redis=redis))
        await show.plant()
        yield show


@pytest.fixture
async def show(trees: Show) -> Show:
    """Ten trees with 100, 99, 98… views, ranked and published."""
    await trees.views(*range(100, 90, -1))
    await trees.run()
    return trees
