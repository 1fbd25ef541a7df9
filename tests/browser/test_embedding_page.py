"""docs/embedding.md: each of its examples does in a browser what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from app.ingest.packing import EVENT_TYPES
from app.runtime.pool import Pool
from tests.browser.host import PERSON, is_known, recorded, served
from tests.browser.pages import Show
from tests.eventually import eventually
from tests.serving import make_key

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "embedding.md").read_text()
EXAMPLES = re.findall(r"```html\n(.*?)```", TEXT, re.DOTALL)
STUB = EXAMPLES[3].splitlines()[0]


async def shown(page: Page, part: str, state: str) -> None:
    """Wait for an element that fares so."""
    await page.locator(f"{part}[state={state}]").first.wait_for(state="attached")


async def test_the_elements_and_the_frame(show: Show, chromium: Browser, api_url: str) -> None:
    assert show.now
    html = "<!doctype html><title>A page</title>" + "".join(EXAMPLES[:3])
    async with served([html.replace("https://stats.example.org", api_url)]) as origin:
        context = await chromium.new_context()
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        await page.goto(origin)
        await shown(page, "groundswell-trending", "ready")
        await shown(page, "groundswell-counter", "ready")
        await shown(page, "groundswell-hot", "empty")
        link = page.get_by_role("link", name="Ash")
        assert await link.first.get_attribute("href") == "https://example.org/video/Ash"
        frame = page.frame_locator("iframe")
        await frame.get_by_role("link", name="Elm").wait_for()
        inside = next(one for one in page.frames if "/embed/" in one.url)
        assert await inside.evaluate("document.documentElement.scrollHeight") == 330
        assert faults == []
        await context.close()


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("number", "path", "expected"),
    [
        (3, "/", ["view film-1", "comment film-1", "like film-1", "share film-2"]),
        (4, "/blog/2026/hello", ["view 2026/hello"]),
        (5, "/", []),
    ],
)
async def test_the_beacon(  # noqa: PLR0917  # fixtures, and what differs
    pool: Pool,
    redis: Redis,
    chromium: Browser,
    api_url: str,
    number: int,
    path: str,
    expected: list[str],
) -> None:
    html: list[str] = []
    async with served(html) as origin:
        key = await make_key(pool, kind="public", origins=(origin,))
        await eventually(lambda: is_known(api_url, key, origin))
        text = EXAMPLES[number].replace("https://stats.example.org", api_url).replace("gpk_…", key)
        html.append(f"<!doctype html><title>A page</title>{text}")
        context = await chromium.new_context(user_agent=PERSON)
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        await page.goto(origin + path)
        for button in await page.get_by_role("button").all():
            await button.click()

        async def are_recorded() -> bool:
            await page.evaluate("dispatchEvent(new Event('pagehide'))")
            once = {one.event_id: one for one in await recorded(redis)}.values()
            # How long it was watched depends on how fast the machine is.
            acts = [one for one in once if one.seconds is None]
            assert [f"{EVENT_TYPES[one.type]} {one.content_id}" for one in acts] == expected
            return True

        await eventually(are_recorded)
        assert faults == []
        await context.close()


async def test_a_page_whose_reader_blocks_the_script_works(chromium: Browser) -> None:
    html = f"""<!doctype html><title>A page</title>{STUB}<script src=/blocked.js></script>
        <button onclick="groundswell('like', 'a'); textContent = 'Liked'">Like</button>"""
    async with served([html, "nothing"]) as origin:
        context = await chromium.new_context()
        page = await context.new_page()
        await page.route("**/blocked.js", lambda route: route.abort())
        await page.goto(origin)
        await page.get_by_role("button").click()
        await page.get_by_text("Liked").wait_for()
        await context.close()


def test_every_attribute_is_told() -> None:
    script = (ROOT / "app" / "embeds" / "embed.js").read_text()
    observed = re.search(r'observedAttributes = "([^"]+)"', script)
    assert observed is not None
    asked_for = {*observed[1].split(","), *re.findall(r'getAttribute\("([a-z-]+)"\)', script)}
    beacon = (ROOT / "app" / "ingest" / "beacon_routes.js").read_text()
    for name in set(re.findall(r"\ba\.([a-z][A-Za-z]+)\b", beacon)):
        asked_for.add("data-" + re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", name))
    assert len(asked_for) > 20
    told = set(re.findall(r"`([a-z-]+)`", TEXT))
    assert asked_for <= told
