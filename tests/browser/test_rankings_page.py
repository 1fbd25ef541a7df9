"""The page of all rankings as a person meets it: lists, the past, and what if (F2, E2, E4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from app.settings import Settings
from tests.browser.conftest import Visit
from tests.browser.pages import LARGEST, Show, accessibility_faults, fits, shows, weight
from tests.eventually import eventually
from tests.site import Site, served

if TYPE_CHECKING:
    from playwright.async_api import Browser

ADMIN_KEY = "an admin key of the tests"


async def test_every_ranking_is_listed_with_its_list_and_its_settings_in_words(
    show: Show, visit: Visit
) -> None:
    assert show.now
    page = await visit.open("/rankings")
    await shows(page, "Ash", "Birch", "Cedar")
    assert await page.locator("#list-title").inner_text() == "Trending, 24 hours"
    words = await page.locator("#words").inner_text()
    assert words.startswith(
        "Items with events in the last 24 hours, the first 1,000, every minute."
    )
    assert await page.locator("#groups [data-open]").all_inner_texts() == [
        "Hot",
        "Trending, 1 hour",
        "Trending, 24 hours",
        "Trending, 7 days",
    ]
    await page.locator("#groups").get_by_role("link", name="Trending, 7 days").click()
    await page.locator("#list-title", has_text="Trending, 7 days").wait_for()
    assert await page.evaluate("location.search") == "?ranking=trending_7d"
    await page.go_back()
    await page.locator("#list-title", has_text="Trending, 24 hours").wait_for()
    # A part of it, and its title leads to the item.
    await page.get_by_label("Part of the ranking").select_option("category:Odd")
    await shows(page, "Birch", "Dogwood")
    await page.locator("#body").get_by_role("link", name="Birch").click()
    await page.get_by_role("heading", name="Birch").wait_for()


async def test_it_is_light_wide_and_for_everybody(show: Show, visit: Visit) -> None:
    assert show.now
    page = await visit.open("/rankings")
    await shows(page, "Ash")
    await page.locator("#groups [data-open]").first.wait_for()
    assert await weight(page) <= LARGEST
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await accessibility_faults(page) == []
    await fits(page)


async def test_the_past_is_shown_where_it_is_kept_and_else_told(show: Show, visit: Visit) -> None:
    assert show.now
    page = await visit.open("/rankings?ago=24")
    await page.locator("#list-notice .notice").wait_for()
    assert await page.locator("#table").is_hidden()
    slider = page.get_by_label("Shown as of")
    assert await slider.input_value() == "144"
    await slider.focus()
    await page.keyboard.press("End")
    await shows(page, "Ash")
    assert await page.evaluate("location.search") == ""


async def test_an_unknown_ranking_is_told(show: Show, visit: Visit) -> None:
    assert show.now
    page = await visit.open("/rankings?ranking=nobody")
    await page.locator("#list-notice", has_text="no ranking is called").wait_for()
    assert await page.get_by_role("button", name="What if").is_hidden()


@pytest.fixture(scope="module")
async def admin_site(settings: Settings) -> AsyncIterator[Site]:
    """An API whose settings an admin may change."""
    async with served(settings, GROUNDSWELL_ADMIN_KEY=ADMIN_KEY) as site:
        yield site


async def test_settings_are_tried_out_and_applied(
    show: Show, chromium: Browser, admin_site: Site
) -> None:
    await show.happened(10, "like", 3)
    await show.run()
    context = await chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    visit = Visit(await context.new_page(), admin_site.url)
    page = await visit.open("/rankings")
    await shows(page, "Juniper")
    await page.get_by_role("button", name="What if").click()
    dialog = page.get_by_role("dialog", name="A key is needed")
    await dialog.get_by_label("Key").fill(ADMIN_KEY)
    await page.keyboard.press("Enter")

    like = page.locator("#levers").get_by_role("spinbutton", name="A like")
    await like.fill("0")
    await page.locator("#what-said", has_text="10 move").wait_for()
    rows = page.locator("#preview-body tr")
    assert await rows.first.locator("[data-open]").inner_text() == "Ash"
    assert "down 9" in await rows.last.inner_text()
    assert await accessibility_faults(page) == []
    await page.get_by_role("button", name="Copy as SQL").click()
    await page.locator("#what-said", has_text="in the clipboard").wait_for()
    statement = await page.evaluate("navigator.clipboard.readText()")
    assert statement == (
        "update core.ranking\nset\n    like_weight = 0\nwhere name = 'trending_24h';\n"
    )

    # Nonsense is told in the service's words, and cannot be applied.
    await like.fill("-1")
    await page.locator("#what-said", has_text="weights: use 0 to 1000000 points").wait_for()
    assert await page.get_by_role("button", name="Apply …").is_disabled()
    await like.fill("0")
    await page.locator("#what-said", has_text="10 move").wait_for()

    await page.get_by_role("button", name="Apply …").click()
    applying = page.get_by_role("dialog", name="Change it for everybody?")
    assert "A like: 5 → 0 points" in await applying.inner_text()
    await applying.get_by_role("button", name="Not now").click()
    await page.get_by_role("button", name="Apply …").click()
    await applying.get_by_role("button", name="Apply", exact=True).click()
    await page.locator("#what-said", has_text="The next run").wait_for()

    async def is_changed() -> bool:
        found = await show.world.rows(
            "select like_weight from core.ranking where name = 'trending_24h'"
        )
        return found == [(0.0,)]

    await eventually(is_changed)
    assert all("status of 40" in fault for fault in visit.faults)
    await context.close()
