"""The page that tells how everything fares, as an operator meets it (F2, F5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import redis.asyncio

from app.ingest import keys
from app.settings import Settings
from tests.browser.conftest import ADMIN_KEY, Visit
from tests.browser.pages import LARGEST, Show, accessibility_faults, fits, weight
from tests.site import Site, served

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page


@pytest.fixture(scope="module")
async def admin_site(settings: Settings) -> AsyncIterator[Site]:
    """An API that tells an admin."""
    async with served(settings, GROUNDSWELL_ADMIN_KEY=ADMIN_KEY) as site:
        yield site


@pytest.fixture
async def page(chromium: Browser, admin_site: Site) -> AsyncIterator[Page]:
    """The page, with an admin's key in its tab."""
    await admin_site.start()
    context = await chromium.new_context(viewport={"width": 1200, "height": 900})
    visit = Visit(await context.new_page(), admin_site.url)
    page = await visit.open("/status")
    dialog = page.get_by_role("dialog", name="A key is needed")
    await dialog.get_by_label("Key").fill(ADMIN_KEY)
    await page.keyboard.press("Enter")
    yield page
    assert all("status of" in fault or "CONNECTION" in fault for fault in visit.faults)
    await context.close()


async def test_jobs_rankings_and_what_waits_are_told_with_what_to_do(
    show: Show, redis: redis.asyncio.Redis, page: Page
) -> None:
    await show.world.execute(
        "update core.ranking_state set error = 'division by zero' where ranking_id ="
        " (select ranking_id from core.ranking where name = 'hot')"
    )
    await show.world.execute(
        "insert into core.job_run (job, started_at, finished_at)"
        " values ('refresh_engagement_15m_late', now() - interval '978 ms', now())"
    )
    await redis.xadd(keys.DEAD_STREAM, {"v": "1"})
    await page.locator("#degraded", has_text="Hot cannot be computed").wait_for()
    assert "division by zero" in await page.locator("#degraded").inner_text()
    await page.locator("#degraded", has_text="groundswell dead-letters list").wait_for()
    assert await page.locator("#dead").inner_text() == "1"
    assert await page.locator("#lists [data-open]").all_inner_texts() == [
        "Hot",
        "Trending, 1 hour",
        "Trending, 24 hours",
        "Trending, 7 days",
    ]
    assert "run rankings" in await page.locator("#jobs").inner_text()
    await page.get_by_text("Nothing yet").wait_for()
    assert await weight(page) <= LARGEST
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await accessibility_faults(page) == []
    await fits(page)


async def test_an_api_that_goes_away_is_told_and_what_was_known_stays(
    show: Show, page: Page, admin_site: Site
) -> None:
    assert show.now
    await page.locator("#lists [data-open]").first.wait_for()
    await admin_site.stop()
    await page.locator("#status-line", has_text="The API cannot be reached").wait_for()
    assert await page.locator("#lists [data-open]").count() == 4
    await admin_site.start()
    await page.locator("#status-line .notice").wait_for(state="detached")
