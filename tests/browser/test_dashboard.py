"""The page at `/` as a person meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis.asyncio

from app.rankings.publisher import Publisher
from app.runtime.pool import Pool
from app.settings import Settings
from tests.browser.conftest import Visit
from tests.eventually import eventually
from tests.site import Site
from tests.sql.oracle import Event
from tests.sql.world import World

if TYPE_CHECKING:
    from playwright.async_api import Page

TITLES = ["Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper"]
CONTRAST = """
(selector) => {
  const channels = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((c) => {
    const part = c / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = (color) => {
    const [r, g, b] = channels(color);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const element = document.querySelector(selector);
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)")
    behind = behind.parentElement;
  const [one, other] = [
    light(getComputedStyle(element).color), light(getComputedStyle(behind).backgroundColor),
  ].sort((a, b) => b - a);
  return (one + 0.05) / (other + 0.05);
}
"""


class Show:
    """Ten trees, the first the most viewed, and new runs of their rankings."""

    def __init__(self, world: World, publisher: Publisher) -> None:
        self.world = world
        self.publisher = publisher
        self.now = datetime.now(UTC)

    async def views(self, *counts: int, ago: timedelta = timedelta(0)) -> None:
        at = self.now - ago
        await self.world.insert(
            [
                Event(item=item, type="view", occurred_at=at, received_at=at, count=count)
                for item, count in enumerate(counts, start=1)
                if count
            ]
        )

    async def run(self) -> None:
        """Score and publish; each run is a second later than the one before."""
        self.now += timedelta(seconds=1)
        await self.world.run(self.now, forced=True)
        await self.publisher.publish()


@pytest.fixture
async def show(
    clean: None,  # noqa: ARG001
    settings: Settings,
    pool: Pool,
    redis: redis.asyncio.Redis,
) -> AsyncIterator[Show]:
    async with pool.connection() as connection:
        world = World(connection)
        await world.only("hot", "trending_1h", "trending_24h", "trending_7d")
        for number, title in enumerate(TITLES):
            item = await world.item(title, category="Odd" if number % 2 else "Even", creator="Ada")
            await world.execute("update core.item set title = %s where item_id = %s", title, item)
        show = Show(world, Publisher(settings=settings, pool=pool, redis=redis))
        await show.views(*range(100, 90, -1))
        await show.run()
        yield show


async def titles(page: Page) -> list[str]:
    return await page.locator("tbody .name").all_inner_texts()


async def shows(page: Page, *expected: str) -> None:
    """Wait until the list begins with these titles."""

    async def begins() -> bool:
        found = await titles(page)
        assert found[: len(expected)] == list(expected)
        return True

    await eventually(begins)


async def test_it_shows_titles_counts_and_what_is_hot(show: Show, visit: Visit) -> None:
    page = await visit.open()
    await shows(page, *TITLES)
    assert show.world.items
    first = page.locator("tbody tr").first
    assert await first.locator(".place").inner_text() == "1"
    assert await first.locator(".about").inner_text() == "Ada · Even"
    assert await first.locator("[data-count=views]").inner_text() == "100"
    hot = [await row.locator(".hot").is_visible() for row in await page.locator("tbody tr").all()]
    assert hot == [True] * 2 + [False] * 8
    assert await page.locator("#freshness").get_attribute("data-state") == "live"
    assert await page.locator("#list").get_attribute("aria-busy") == "false"


async def test_a_new_run_moves_the_rows_without_a_reload(show: Show, visit: Visit) -> None:
    page = await visit.open()
    await shows(page, "Ash", "Birch")
    await page.evaluate("window.stillThis = document.querySelector('tbody tr')")
    await show.views(0, 0, 0, 0, 1_000)
    await show.run()
    await shows(page, "Elm", "Ash", "Birch", "Cedar", "Dogwood", "Fir")
    changes = page.locator("tbody .change")
    assert await changes.nth(0).get_attribute("aria-label") == "up 4"
    assert await changes.nth(1).get_attribute("aria-label") == "down 1"
    assert not await changes.nth(5).is_visible()
    assert await page.evaluate("stillThis === document.querySelectorAll('tbody tr')[1]")
    assert "1, Elm; 2, Ash" in await page.locator("#summary").inner_text()


async def test_windows_are_chosen_by_keyboard(show: Show, visit: Visit) -> None:
    await show.world.item("Kapok")
    await show.views(*[0] * 10, 50_000, ago=timedelta(days=3))
    await show.run()
    page = await visit.open("/#1h")
    await shows(page, "Ash")
    await page.keyboard.press("Tab")  # the brand
    await page.keyboard.press("Tab")  # the API
    await page.keyboard.press("Tab")  # the chosen tab, the only one in the tab order
    for key, window, best in (
        ("ArrowRight", "24h", "Ash"),
        ("ArrowRight", "7d", "Kapok"),
        ("Home", "1h", "Ash"),
        ("ArrowLeft", "all", None),
        ("ArrowRight", "1h", "Ash"),
    ):
        await page.keyboard.press(key)
        chosen = page.locator("[role=tab][aria-selected=true]")
        assert await chosen.get_attribute("data-window") == window
        assert await page.evaluate("document.activeElement.dataset.window") == window
        assert await page.evaluate("location.hash") == f"#{window}"
        if best:
            await shows(page, best)


async def test_one_category_can_be_shown(show: Show, visit: Visit) -> None:
    page = await visit.open()
    await shows(page, "Ash", "Birch")
    assert show.now
    await page.get_by_label("Category").select_option("Odd")
    await shows(page, "Birch", "Dogwood", "Fir", "Hazel", "Juniper")
    assert await page.locator("tbody .place").all_inner_texts() == ["1", "2", "3", "4", "5"]
    assert await page.evaluate("location.hash") == "#24h/Odd"

    await page.reload()
    await shows(page, "Birch", "Dogwood")
    assert await page.get_by_label("Category").input_value() == "Odd"

    await visit.open("/#24h/Nothing%20here")
    await page.get_by_text("Nothing in Nothing here in the last 24 hours").wait_for()
    await page.get_by_role("button", name="all categories").click()
    await shows(page, "Ash", "Birch")


@pytest.mark.usefixtures("clean")
async def test_without_events_it_says_how_to_send_one(
    visit: Visit, running_site: Site, redis: redis.asyncio.Redis
) -> None:
    assert await redis.dbsize() == 0
    page = await visit.open()
    await page.get_by_role("heading", name="Nothing has moved yet").wait_for(timeout=15_000)
    example = await page.locator("#example").inner_text()
    assert example == f"curl -X POST {running_site.url}/analytics/view/my-first-video"
    assert await page.locator("table").is_hidden()
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy").click()
    await page.get_by_role("button", name="Copied").wait_for()
    assert await page.evaluate("navigator.clipboard.readText()") == example


async def test_a_dead_api_is_told_and_its_last_list_stays(
    show: Show, visit: Visit, site: Site
) -> None:
    page = await visit.open()
    await shows(page, "Ash")
    await site.stop()
    await page.get_by_role("alert").get_by_text("The API cannot be reached").wait_for()
    assert await page.locator("#freshness").get_attribute("data-state") == "down"
    assert (await titles(page))[0] == "Ash"
    # The browser's own words for it; nothing else may go wrong.
    assert all("ERR_CONNECTION_REFUSED" in fault for fault in visit.faults)
    await site.start()
    await show.views(0, 500)
    await show.run()
    await shows(page, "Birch", "Ash")
    await page.locator("#error").wait_for(state="hidden")
    visit.faults.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_read_in_light_and_dark(show: Show, visit: Visit, scheme: Any) -> None:
    await visit.page.emulate_media(color_scheme=scheme)
    page = await visit.open()
    await shows(page, "Ash")
    assert show.now
    bright = await page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((c) => c > 127)"
    )
    assert bright == (scheme == "light")
    selectors = ("h1", ".name", ".about", "thead th", "#freshness", ".tabs button", "nav a")
    for selector in (*selectors, ".tabs [aria-selected=true]", "#category"):
        assert await page.evaluate(CONTRAST, selector) >= 4.5, selector


@pytest.mark.parametrize("width", [320, 390, 768])
async def test_nothing_is_cut_off_on_a_phone(show: Show, visit: Visit, width: int) -> None:
    await visit.page.set_viewport_size({"width": width, "height": 800})
    page = await visit.open()
    await shows(page, "Ash")
    assert show.now
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate(
        "document.querySelector('table').scrollWidth <= document.querySelector('#list').clientWidth"
    )
    # Room for a title, whatever stands beside it.
    assert await page.evaluate("document.querySelector('tbody .item').clientWidth") >= 0.4 * width


async def test_those_who_want_no_motion_get_none(show: Show, visit: Visit) -> None:
    await visit.page.emulate_media(reduced_motion="reduce")
    page = await visit.open()
    await shows(page, "Ash")
    await page.evaluate("void (Element.prototype.animate = () => { throw new Error('moved') })")
    await show.views(0, 500)
    await show.run()
    await shows(page, "Birch", "Ash")


async def test_the_api_reference_is_shown_without_another_host(visit: Visit) -> None:
    page = await visit.open("/schema")
    await page.get_by_text("What is trending now").first.wait_for(timeout=20_000)
