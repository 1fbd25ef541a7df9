"""What tests of pages have in common: trees to rank, and looks at a whole page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from axe_playwright_python.async_playwright import Axe

from app.rankings.publisher import Publisher
from tests.eventually import eventually
from tests.sql.oracle import Event
from tests.sql.world import World

if TYPE_CHECKING:
    from playwright.async_api import Page

TITLES = ["Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper"]
WIDTHS = (390, 768, 1280, 1920)
LARGEST = 150_000
"""Bytes of a page with all that it loads but the API's answers, uncompressed."""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def shown_in_time(page: Page, selector: str, *, text: str | None = None) -> None:
    """Wait for what a page shows once it asks again; its clock goes ahead, an installed one."""
    wanted = page.locator(selector, has_text=text).first

    async def is_shown() -> bool:
        await page.clock.fast_forward(61_000)
        return await wanted.is_visible()

    await eventually(is_shown, within=60, every=0.25)


class Show:
    """Ten trees, the first the most viewed, and new runs of their rankings."""

    def __init__(self, world: World, publisher: Publisher) -> None:
        self.world = world
        self.publisher = publisher
        self.now = datetime.now(UTC)

    async def plant(self) -> None:
        """Put the trees into the catalogue; every second is odd."""
        for number, title in enumerate(TITLES):
            await self.tree(title, category="Odd" if number % 2 else "Even")

    async def tree(self, title: str, *, category: str = "Even", kind: str = "video") -> int:
        """Put one item of this id and title into the catalogue."""
        item = await self.world.item(title, category=category, creator="Ada", content_type=kind)
        query = "update core.item set title = %s where item_id = %s"
        await self.world.execute(query, title, item)
        return item

    async def happened(
        self, item: int, kind: str, count: int = 1, *, ago: timedelta = timedelta(0)
    ) -> None:
        """Let something have happened to the item of this number."""
        at = self.now - ago
        event: Any = {"item": item, "type": kind, "occurred_at": at, "received_at": at}
        await self.world.insert([Event(**event, count=count)])

    async def views(self, *counts: int, ago: timedelta = timedelta(0)) -> None:
        """Let the trees be viewed, the first so often, and so on."""
        for item, count in enumerate(counts, start=1):
            if count:
                await self.happened(item, "view", count, ago=ago)

    async def run(self) -> None:
        """Score and publish; each run is a second later than the one before."""
        self.now += timedelta(seconds=1)
        await self.world.run(self.now, forced=True)
        await self.publisher.publish()


async def titles(page: Page) -> list[str]:
    """Return what the rows are called."""
    return await page.locator("#body [data-open]").all_inner_texts()


async def shows(page: Page, *expected: str) -> None:
    """Wait until the list begins with these titles."""

    async def begins() -> bool:
        found = await titles(page)
        assert found[: len(expected)] == list(expected)
        return True

    await eventually(begins)


async def accessibility_faults(page: Page) -> list[str]:
    """Return what axe finds wrong."""
    # Colors on their way from one to another are none that anybody reads.
    # Asked again and again from here: a page's own policy forbids what would wait in it.
    still = "document.getAnimations().every((one) => !one.effect.target.dataset.key)"
    await eventually(lambda: page.evaluate(still))
    found = await Axe().run(page, options=RULES)
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]


async def fits(page: Page) -> None:
    """Check that nothing is wider than the window, whatever its width."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})

        async def does(width: int = width) -> bool:
            found = await page.evaluate("document.documentElement.scrollWidth")
            assert found <= width, f"{found} at {width}"
            return True

        # A chart is drawn anew a frame after its place has changed.
        await eventually(does)


async def weight(page: Page) -> int:
    """Return how many bytes the page and its files are, before compression."""
    size: int = await page.evaluate(
        """() => [...performance.getEntriesByType("navigation"),
          ...performance.getEntriesByType("resource").filter((one) =>
            one.name.includes("/static/"))].reduce((all, one) => all + one.decodedBodySize, 0)"""
    )
    return size


async def painted(page: Page) -> float:
    """Return after how many milliseconds something was painted."""
    at: float = await page.evaluate(
        'performance.getEntriesByName("first-contentful-paint")[0].startTime'
    )
    return at
