"""The page of alerts: make, pause, test, log, remove, and what happens live (F2, E6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest

from app.settings import Settings
from tests.browser.conftest import ADMIN_KEY, Visit
from tests.browser.pages import LARGEST, Show, accessibility_faults, fits, weight
from tests.eventually import eventually
from tests.site import Site, served

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

HIDDEN = """
Object.defineProperty(document, "hidden", { value: IS_HIDDEN, configurable: true });
document.dispatchEvent(new Event("visibilitychange"));
"""


@pytest.fixture(scope="module")
async def admin_site(settings: Settings) -> AsyncIterator[Site]:
    """An API whose alerts an admin makes."""
    async with served(settings, GROUNDSWELL_ADMIN_KEY=ADMIN_KEY) as site:
        yield site


@pytest.fixture
async def page(show: Show, chromium: Browser, admin_site: Site) -> AsyncIterator[Page]:
    """The page, with an admin's key in its tab."""
    assert show.now
    context = await chromium.new_context(viewport={"width": 1200, "height": 900})
    visit = Visit(await context.new_page(), admin_site.url)
    page = await visit.open("/alerts")
    dialog = page.get_by_role("dialog", name="A key is needed")
    await dialog.get_by_label("Key").fill(ADMIN_KEY)
    await page.keyboard.press("Enter")
    await page.get_by_text("Nobody is told of anything yet").wait_for()
    yield page
    assert all("status of 40" in fault for fault in visit.faults)
    await context.close()


async def test_an_alert_is_made_paused_and_removed(page: Page) -> None:
    await page.get_by_role("button", name="New alert").click()
    making = page.get_by_role("dialog", name="New alert")
    await making.get_by_label("of the first").fill("3")
    await making.get_by_label("Name").fill("Newcomers")
    await making.get_by_label("Webhook").fill("https://127.0.0.1/hook")
    assert await accessibility_faults(page) == []
    await making.get_by_role("button", name="Make it").click()
    # What the service refuses is told, and what was typed stays.
    await making.get_by_role("alert").get_by_text("url").wait_for()
    await making.get_by_label("Webhook").fill("https://hooks.example.org/alerts")
    await making.get_by_role("button", name="Make it").click()
    secret = page.get_by_role("dialog", name="The webhook's secret")
    assert (await secret.locator("code").inner_text()).startswith("whsec_")
    await secret.get_by_role("button", name="I have it").click()

    row = page.locator("#alerts li")
    await row.get_by_text("Any item comes into the first 3 in Trending, 24 hours").wait_for()
    await row.get_by_role("button", name="Pause: Newcomers").click()
    await row.get_by_text("paused", exact=True).wait_for()
    await row.get_by_role("button", name="Resume: Newcomers").click()
    await row.get_by_text("active", exact=True).wait_for()
    await row.get_by_role("button", name="Deliveries: Newcomers").click()
    await page.get_by_role("dialog", name="Deliveries").get_by_text("Nothing was sent").wait_for()
    await page.keyboard.press("Escape")
    assert await weight(page) <= LARGEST
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await accessibility_faults(page) == []
    await fits(page)

    await row.get_by_role("button", name="Remove: Newcomers").click()
    removing = page.get_by_role("dialog", name="Remove this alert?")
    await removing.get_by_role("button", name="Keep it").click()
    await row.get_by_role("button", name="Remove: Newcomers").click()
    await removing.get_by_role("button", name="Remove", exact=True).click()
    await page.get_by_text("Nobody is told of anything yet").wait_for()


async def test_what_is_raised_stands_there_the_moment_it_is(show: Show, page: Page) -> None:
    await page.get_by_role("button", name="New alert").click()
    making = page.get_by_role("dialog", name="New alert")
    await making.get_by_label("of the first").fill("1")
    await making.get_by_role("button", name="Make it").click()
    await page.locator("#alerts li").wait_for()
    await page.locator("#stream-state", has_text="live").wait_for()
    await show.happened(10, "like", 500)
    await show.run()
    news = page.locator("#happened li")
    await news.get_by_role("link", name="Juniper").wait_for()
    assert "is at 1 in Trending, 24 hours, from 10" in await news.inner_text()


async def test_a_hidden_tab_holds_no_stream_and_misses_nothing(
    show: Show, page: Page, admin_site: Site
) -> None:
    """A browser has six connections for all tabs of a site."""
    # Outside of tests, no id comes again: the API has seen the alerts of another test.
    await show.world.execute(
        "select setval(pg_get_serial_sequence('core.alert', 'alert_id'), 1000)"
    )
    await page.get_by_role("button", name="New alert").click()
    making = page.get_by_role("dialog", name="New alert")
    await making.get_by_label("of the first").fill("1")
    await making.get_by_role("button", name="Make it").click()
    await page.locator("#alerts li").wait_for()
    await page.locator("#stream-state", has_text="live").wait_for()

    async def held(streams: int) -> bool:
        async with httpx.AsyncClient() as client:
            text = (await client.get(f"{admin_site.url}/metrics")).text
        return f"groundswell_alert_streams {streams}.0" in text

    await eventually(lambda: held(1))
    await page.evaluate(HIDDEN.replace("IS_HIDDEN", "true"))
    await eventually(lambda: held(0))
    await show.happened(9, "like", 5_000)
    await show.run()
    await page.evaluate(HIDDEN.replace("IS_HIDDEN", "false"))
    await page.locator("#happened li").get_by_role("link", name="Ivy").wait_for()
    await page.locator("#stream-state", has_text="live").wait_for()
    await eventually(lambda: held(1))
