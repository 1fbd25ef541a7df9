"""Every page stands there within a second, and writes nothing into the browser's console (F2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import ADMIN_KEY
from tests.browser.pages import Show, painted
from tests.browser.test_states import PAGES, STANDING
from tests.site import Site

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

MOST = 1_000
"""Milliseconds from going to a page until it is painted, with its data."""
DRAWN_LATER = "/schema"
"""Its frame stands at once, but RapiDoc draws the whole reference at one go: 2 to 3 s."""
TRIES = 3
"""The best one counts: a machine may be busy with something else, a page is slow each time."""
EACH = {
    **{name: (asked.path, asked.shown) for name, asked in PAGES.items()},
    **{name: (path, f"text={words}") for name, (path, words) in STANDING.items()},
    "embed": ("/embed/trending?limit=5", "groundswell-trending[state=ready]"),
}


async def largest(page: Page) -> float:
    """Return after how many milliseconds the largest part was painted."""
    at: float = await page.evaluate(
        """() => new Promise((tell) => new PerformanceObserver((list) =>
          tell(list.getEntries().at(-1).startTime)
        ).observe({ type: "largest-contentful-paint", buffered: true }))"""
    )
    return at


@pytest.mark.parametrize(("path", "shown"), EACH.values(), ids=EACH)
async def test_a_page_is_painted_within_a_second(
    show: Show, chromium: Browser, closed_site: Site, running_site: Site, *, path: str, shown: str
) -> None:
    """Each time by a browser that has nothing of it yet."""
    assert show.now
    # A frame has no key of its own.
    site = running_site if path.startswith("/embed") else closed_site
    await site.start()
    found = []
    said: list[str] = []
    for _ in range(TRIES):
        context = await chromium.new_context(viewport={"width": 1280, "height": 900})
        await context.add_init_script(f"sessionStorage.setItem('groundswell-key', '{ADMIN_KEY}')")
        page = await context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.goto(site.url + path)
        await page.locator(shown).first.wait_for()
        if path == "/":
            # Asked for last: what the list was before.
            await page.locator("#compared", has_text="against").wait_for()
        drawn = [await largest(page)] if path != DRAWN_LATER else []
        found.append((await painted(page), *drawn))
        await context.close()
        if max(found[-1]) <= MOST:
            break
    assert min(map(max, found)) <= MOST, found
    assert said == []
