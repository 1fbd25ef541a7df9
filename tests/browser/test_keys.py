"""Pages where a key is needed, was given, or is none any more (F2, F7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import ADMIN_KEY, Visit
from tests.browser.pages import Show, accessibility_faults, fits, shows
from tests.site import Site

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Route


@pytest.fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(viewport={"width": 1200, "height": 900})
    yield context
    await context.close()


async def test_a_key_of_before_is_forgotten_where_none_is_needed(show: Show, visit: Visit) -> None:
    """As each `make run` has an admin key of its own."""
    assert show.now
    await visit.page.add_init_script(
        "if (!sessionStorage.asked) sessionStorage.setItem('groundswell-key', 'of before');"
        "sessionStorage.asked = 1"
    )
    page = await visit.open()
    await shows(page, "Ash")
    assert await page.locator("#key").get_attribute("open") is None
    assert await page.evaluate("sessionStorage.getItem('groundswell-key')") is None
    assert all("status of 401" in fault for fault in visit.faults)
    visit.faults.clear()


async def test_a_key_lasts_as_long_as_the_page_where_storage_is_closed(
    show: Show, context: BrowserContext, closed_site: Site
) -> None:
    """As where cookies are blocked."""
    assert show.now
    visit = Visit(await context.new_page(), closed_site.url)
    await visit.page.add_init_script(
        "for (const name of ['sessionStorage', 'localStorage']) Object.defineProperty(window, name,"
        "{ get() { throw new DOMException('closed', 'SecurityError'); } })"
    )
    page = await visit.open("/rankings")
    dialog = page.get_by_role("dialog", name="A key is needed")
    await dialog.get_by_label("Key").fill(ADMIN_KEY)
    await page.keyboard.press("Enter")
    await shows(page, "Ash")
    assert all("status of 401" in fault for fault in visit.faults)


async def test_what_happens_is_followed_once_a_key_was_given(
    show: Show, context: BrowserContext, closed_site: Site
) -> None:
    assert show.now
    visit = Visit(await context.new_page(), closed_site.url)
    page = await visit.open("/alerts")
    await page.locator("#stream-state", has_text="a key is needed").wait_for()
    dialog = page.get_by_role("dialog", name="A key is needed")
    await dialog.get_by_label("Key").fill(ADMIN_KEY)
    await page.keyboard.press("Enter")
    await page.locator("#stream-state", has_text="live").wait_for()


@pytest.mark.parametrize("path", ["/rankings", "/alerts", "/status"])
async def test_without_a_key_a_page_says_so_and_how_to_give_one(
    show: Show, context: BrowserContext, closed_site: Site, path: str
) -> None:
    assert show.now
    visit = Visit(await context.new_page(), closed_site.url)
    page = await visit.open(path)
    await page.get_by_role("dialog", name="A key is needed").wait_for()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Enter a key").first.wait_for()
    assert await page.locator("#freshness").inner_text() == "A key is needed"
    # Declined is declined, however often it is asked again.
    await page.wait_for_timeout(6_000)
    assert await page.get_by_role("dialog").count() == 0
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await accessibility_faults(page) == []
    await fits(page)
    assert all("status of 401" in fault for fault in visit.faults)


async def test_who_is_told_to_come_later_does(show: Show, visit: Visit) -> None:
    asked: list[str] = []

    async def busy(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(
            status=429,
            headers={"retry-after": "30"},
            json={"type": "/problems/too-many", "title": "Too many requests", "detail": "wait"},
        )

    assert show.now
    await visit.page.route("**/analytics/trending?*", busy)
    page = await visit.open()
    await page.locator("#list-notice", has_text="Too many requests").wait_for()
    await page.wait_for_timeout(7_000)  # longer than two polls
    assert len(asked) == 1
    visit.faults.clear()
