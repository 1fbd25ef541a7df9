"""Every page under a slow API, a stopped one, required keys, and without data (F2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.browser.conftest import ADMIN_KEY, Visit
from tests.browser.pages import (
    LARGEST,
    Show,
    accessibility_faults,
    fits,
    painted,
    shown_in_time,
    weight,
)
from tests.site import Site

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Route


class Asked(NamedTuple):
    """A page that asks the API: what it asks for first, and what it says without data."""

    path: str
    first: str
    shown: str
    """What is there once it has its data."""
    empty: str | None
    """What it says where there is none; None: there is always some."""


PAGES = {
    "overview": Asked("/", "**/analytics/trending?*", "#body tr", "Send a first event"),
    "item": Asked("/items/video/Ash", "**/items/Ash?*", "#places-body tr", "send its first event"),
    "rankings": Asked("/rankings", "**/analytics/rankings/*", "#body tr", "has had no events"),
    "alerts": Asked("/alerts", "**/alerts?*", "#alerts-notice h2", "Make an alert"),
    "keys": Asked("/keys", "**/admin/keys?*", "#keys-notice h2", "Make one for each"),
    "status": Asked("/status", "**/admin/status", "#lists tr", None),
}
STANDING = {
    "schema": ("/schema", "What is trending now"),
    "problems": ("/problems", "There is no such item"),
    "problem": ("/problems/unknown-item", "There is no such item"),
}
"""Pages that ask for nothing."""
EACH = pytest.mark.parametrize("asked", PAGES.values(), ids=PAGES)


@pytest.fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context
    await context.close()


@pytest.fixture
async def keyed(context: BrowserContext, closed_site: Site) -> Visit:
    """A visit to that API with an admin's key in the tab."""
    await closed_site.start()
    await context.add_init_script(f"sessionStorage.setItem('groundswell-key', '{ADMIN_KEY}')")
    return Visit(await context.new_page(), closed_site.url)


@EACH
async def test_a_slow_api_is_waited_for(show: Show, keyed: Visit, asked: Asked) -> None:
    """The page is painted, says that it loads, and then has its data."""
    assert show.now
    answers = asyncio.Event()

    async def hold(route: Route) -> None:
        await answers.wait()
        await route.continue_()

    await keyed.page.route(asked.first, hold)
    page = await keyed.open(asked.path)
    await page.locator("#freshness", has_text="Loading").wait_for()
    assert await page.locator("h1").first.inner_text()
    assert await page.locator(asked.shown).count() == 0
    answers.set()
    await page.locator(asked.shown).first.wait_for()
    await page.locator("#freshness[data-state=live], #freshness[data-state=stale]").wait_for()
    assert await painted(page) > 0
    assert await weight(page) <= LARGEST
    assert keyed.faults == []


@EACH
async def test_a_stopped_api_is_told_and_comes_back(
    show: Show, keyed: Visit, closed_site: Site, asked: Asked
) -> None:
    assert show.now
    await keyed.page.clock.install()
    page = await keyed.open(asked.path)
    await page.locator(asked.shown).first.wait_for()
    await closed_site.stop()
    await shown_in_time(page, "main", text="The API cannot be reached")
    assert "tried again by itself" in await page.locator("main").inner_text()
    await page.locator("#freshness[data-state=down]").wait_for()
    # What was known stays.
    assert await page.locator(asked.shown).first.is_visible()
    await closed_site.start()
    await shown_in_time(page, "#freshness[data-state=live]")
    # It may ask while the API is there and has no list yet.
    expected = ("ERR_", "status of 503")
    assert [fault for fault in keyed.faults if not any(map(fault.__contains__, expected))] == []


@EACH
async def test_a_key_is_asked_for_where_one_is_needed(
    show: Show, context: BrowserContext, closed_site: Site, asked: Asked
) -> None:
    assert show.now
    await closed_site.start()
    visit = Visit(await context.new_page(), closed_site.url)
    page = await visit.open(asked.path)
    dialog = page.get_by_role("dialog", name="A key is needed")
    await dialog.wait_for()
    await page.keyboard.press("Escape")
    await page.locator("#freshness[data-state=refused]").wait_for()
    button = page.get_by_role("button", name="Enter a key").first
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await accessibility_faults(page) == []
    await button.click()
    await dialog.get_by_label("Key").fill(ADMIN_KEY)
    await page.keyboard.press("Enter")
    await page.locator(asked.shown).first.wait_for()
    assert [fault for fault in visit.faults if "status of 40" not in fault] == []


@pytest.mark.usefixtures("clean")
@EACH
async def test_without_data_it_says_what_to_do(keyed: Visit, asked: Asked) -> None:
    page = await keyed.open(asked.path)
    await page.locator("#freshness:not([data-state=waiting])").wait_for()
    if asked.empty is not None:
        await page.locator("main").get_by_text(asked.empty).first.wait_for()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await accessibility_faults(page) == []
    await fits(page)
    assert keyed.faults == []


@pytest.mark.parametrize(("path", "shown"), STANDING.values(), ids=STANDING)
async def test_pages_of_words_need_nothing(
    context: BrowserContext, closed_site: Site, path: str, shown: str
) -> None:
    """No key, no data, and once they are there, no API."""
    await closed_site.start()
    visit = Visit(await context.new_page(), closed_site.url)
    page = await visit.open(path)
    await page.get_by_text(shown).first.wait_for(state="attached", timeout=60_000)
    assert await page.get_by_role("dialog").count() == 0
    assert await painted(page) > 0
    await fits(page)
    assert visit.faults == []
