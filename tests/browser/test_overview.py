"""The overview as a person meets it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import redis.asyncio
from playwright.async_api import Route

from app.runtime.epochs import EPOCH
from tests.browser.conftest import Visit
from tests.browser.pages import (
    LARGEST,
    TITLES,
    Show,
    accessibility_faults,
    fits,
    painted,
    shows,
    titles,
    weight,
)
from tests.eventually import eventually
from tests.site import Site


async def test_it_shows_titles_numbers_lines_and_what_is_hot(show: Show, visit: Visit) -> None:
    await show.happened(1, "like", 7)
    await show.run()
    page = await visit.open()
    await shows(page, *TITLES)
    first = page.locator("#body tr").first
    assert await first.locator(".place").inner_text() == "1"
    assert await first.locator(".about").inner_text() == "Ada · Even"
    assert await first.locator("td.views").inner_text() == "100"
    assert await first.locator("[data-open]").get_attribute("href") == "/items/video/Ash"
    hot = [await row.locator(".hot").is_visible() for row in await page.locator("#body tr").all()]
    assert hot == [True] * 2 + [False] * 8
    await first.locator(".line svg[role=img]").wait_for()
    assert await page.locator("#freshness").get_attribute("data-state") == "live"
    assert await page.locator("#trending").get_attribute("aria-busy") == "false"
    assert await page.locator("#today").inner_text() == "955"
    await page.locator("#rate", has_text=re.compile("[0-9]")).wait_for()
    await page.locator("#site-chart[aria-label^='Views of the site: 955']").wait_for()
    # The score's parts, to whoever points at it or goes there by keyboard.
    await first.locator(".why").focus()
    await page.locator("#parts", has_text="Likes").wait_for()
    assert "The last hour added" in await page.locator("#parts").inner_text()


async def test_it_says_what_editors_have_placed(show: Show, visit: Visit) -> None:
    """In the overview, in embeds, and in SQL: whoever reads a list knows what is no score's."""
    until = (show.now + timedelta(days=1)).isoformat()
    for title, rule in (("Elm", {"kind": "pin", "place": 1}), ("Fir", {"kind": "feature"})):
        rule |= {"contentId": title, "contentType": "video", "until": until, "reason": "best"}
        await show.world.execute(
            "select api.put_rule(%s, %s::jsonb, 'me', now())", title.lower(), json.dumps(rule)
        )
    await show.run()
    page = await visit.open()
    await shows(page, "Elm", "Fir", "Ash")
    badges = [await row.locator(".ruled").all() for row in await page.locator("#body tr").all()]
    said = [[await one.inner_text() for one in row if await one.is_visible()] for row in badges]
    assert said == [["Pinned"], ["Featured"], *[[]] * 8]
    await fits(page)
    page = await visit.open("/embed/trending?window=24h")
    rows = page.locator("groundswell-trending li")
    await rows.first.wait_for()
    marks = [await row.locator(".ruled").all_inner_texts() for row in await rows.all()]
    assert marks == [["Featured"], ["Featured"], *[[]] * 8]
    assert await accessibility_faults(page) == []
    for view, where in (
        ("trending_now", "\"window\" = '24h'"),
        ("current_ranking", "ranking = 'trending_24h' and segment = ''"),
    ):
        found = await show.world.rows(
            f"select title, pinned, featured from api.{view} where {where} order by rank limit 3"  # noqa: S608  # no outside text
        )
        assert found == [("Elm", True, False), ("Fir", False, True), ("Ash", False, False)], view


async def test_it_is_light_quick_wide_and_for_everybody(show: Show, visit: Visit) -> None:
    await show.views(1)
    await show.run()
    page = await visit.open()
    await shows(page, *TITLES)
    await page.locator("#body td.change", has_text="same place").first.wait_for()
    assert await weight(page) <= LARGEST
    assert await painted(page) > 0
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await accessibility_faults(page) == []
    await fits(page)
    await page.set_viewport_size({"width": 390, "height": 800})
    assert await accessibility_faults(page) == []
    # A card: title and creator, with the score, the line and the change.
    card = page.locator("#body tr").first
    for part in ("[data-open]", ".about", ".why", ".line", ".change"):
        assert await card.locator(part).is_visible(), part
    assert not await card.locator("td.views").is_visible()


async def test_a_new_run_moves_the_rows_without_a_reload(show: Show, visit: Visit) -> None:
    page = await visit.open()
    await shows(page, "Ash", "Birch")
    await page.evaluate("window.stillThis = document.querySelector('#body tr')")
    await page.locator("#body [data-open]").first.focus()
    await show.views(0, 0, 0, 0, 1_000)
    await show.run()
    await shows(page, "Elm", "Ash", "Birch", "Cedar", "Dogwood", "Fir")
    changes = page.locator("#body td.change")
    await changes.nth(0).get_by_text("up 4").wait_for(state="attached")
    assert "down 1" in await changes.nth(1).inner_text()
    assert await page.evaluate("stillThis === document.querySelectorAll('#body tr')[1]")
    assert await page.evaluate("document.activeElement.textContent") == "Ash"
    assert "1, Elm; 2, Ash" in await page.locator("#summary").inner_text()


async def test_changes_are_against_a_time(trees: Show, visit: Visit) -> None:
    present = trees.now
    trees.now = present - timedelta(minutes=90)
    await trees.views(*range(100, 91, -1))  # not Juniper
    await trees.run()
    trees.now = present
    await trees.views(0, 0, 500, *[0] * 6, 300)
    await trees.run()
    page = await visit.open()
    await shows(page, "Cedar", "Juniper", "Ash")
    spoken = page.locator("#body td.change .quiet-text")
    expected = ["up 2", "was not in the list", "down 2", "down 2"]
    await eventually(lambda: _are(spoken, expected))
    assert "Changes against" in await page.locator("#compared").inner_text()


async def _are(found: Any, expected: list[str]) -> bool:  # a locator
    assert (await found.all_text_contents())[: len(expected)] == expected
    return True


async def test_windows_and_filters_are_addresses_and_back_works(show: Show, visit: Visit) -> None:
    await show.tree("Kapok", kind="movie")
    await show.happened(11, "view", 50_000, ago=timedelta(days=3))
    await show.run()
    page = await visit.open("/?window=1h")
    await shows(page, "Ash")
    await page.get_by_role("link", name="7d").click()
    await shows(page, "Kapok", "Ash")
    await page.get_by_role("link", name="24h").click()
    await shows(page, "Ash")
    assert await page.evaluate("location.search") == ""
    await page.go_back()
    await shows(page, "Kapok")
    assert await page.evaluate("location.search") == "?window=7d"

    # The catalogue's names, not those of the rows: no movie is in the list of the hour.
    await visit.open("/?window=1h")
    await shows(page, "Ash")
    types = page.get_by_label("Type", exact=True)
    await types.locator("option[value=movie]").wait_for(state="attached")
    await page.get_by_label("Category").select_option("Odd")
    await shows(page, "Birch", "Dogwood", "Fir", "Hazel", "Juniper")
    await page.reload()
    await shows(page, "Birch", "Dogwood")
    await types.select_option("movie")
    await page.get_by_role("heading", name="Nothing in Odd, movie in the last hour").wait_for()
    await page.get_by_role("button", name="Show all").click()
    await shows(page, "Ash", "Birch")


async def test_more_pages_through_the_snapshot(trees: Show, visit: Visit) -> None:
    for number in range(11, 61):
        await trees.tree(f"t{number}")
    await trees.views(*range(200, 140, -1))
    await trees.run()
    page = await visit.open()
    await shows(page, "Ash")
    assert len(await titles(page)) == 25
    await page.get_by_role("button", name="More").click()

    async def has(count: int) -> bool:
        assert len(await titles(page)) == count
        return True

    await eventually(lambda: has(50))
    await page.get_by_role("button", name="More").click()
    await eventually(lambda: has(60))
    assert await titles(page) == [*TITLES, *(f"t{number}" for number in range(11, 61))]
    assert await page.get_by_role("button", name="More").is_hidden()


async def test_a_slow_answer_is_waited_for_and_rows_keep_their_list(
    show: Show, visit: Visit
) -> None:
    page = await visit.open()
    await shows(page, "Ash")
    assert show.now
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/analytics/trending?window=7d*", hold)
    await page.get_by_role("link", name="7d").click()
    await eventually(lambda: _is_one(held))
    # Dimmed, and still those of the day: nothing is relabelled before its rows are there.
    assert await page.locator("#trending").get_attribute("aria-busy") == "true"
    assert "24 hours" in (await page.locator("#caption").text_content() or "")
    await page.wait_for_timeout(3_500)  # longer than a poll
    assert len(held) == 1
    # What is not wanted any more must not take the place of what is, however late it comes.
    await page.get_by_role("link", name="1h").click()
    await page.locator("#caption", has_text="last hour").wait_for(state="attached")
    async with page.expect_response("**/analytics/trending?window=7d*") as late:
        await held[0].continue_()
    await (await late.value).finished()
    async with page.expect_response("**/analytics/trending?window=1h*"):
        pass
    assert "last hour" in (await page.locator("#caption").text_content() or "")
    await page.unroute("**/analytics/trending?window=7d*")
    await page.get_by_role("link", name="7d").click()
    await page.locator("#caption", has_text="7 days").wait_for(state="attached")
    assert await page.locator("#trending").get_attribute("aria-busy") == "false"


async def _is_one(held: list[Route]) -> bool:
    return len(held) == 1


@pytest.mark.usefixtures("clean")
async def test_without_events_it_says_how_to_send_one(
    visit: Visit, running_site: Site, redis: redis.asyncio.Redis
) -> None:
    # The epoch of the database is known, and no list.
    assert await redis.keys("*") in ([], [EPOCH.encode()])
    page = await visit.open()
    await page.get_by_role("heading", name="Nothing has moved yet").wait_for(timeout=15_000)
    example = await page.locator("#example").inner_text()
    assert example == f"curl -X POST {running_site.url}/analytics/view/my-first-video"
    assert await page.locator("#table").is_hidden()
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy").click()
    await page.get_by_role("button", name="Copied").wait_for()
    assert await page.evaluate("navigator.clipboard.readText()") == example
    assert await accessibility_faults(page) == []


async def test_a_dead_api_is_told_and_its_last_list_stays(
    show: Show, visit: Visit, site: Site
) -> None:
    page = await visit.open()
    await shows(page, "Ash")
    await site.stop()
    await page.locator("#trending-line").get_by_text("The API cannot be reached").wait_for()
    assert await page.locator("#freshness").get_attribute("data-state") == "down"
    assert (await titles(page))[0] == "Ash"
    # The browser's own words for it; nothing else may go wrong.
    assert all("ERR_CONNECTION_REFUSED" in fault for fault in visit.faults)
    await site.start()
    await show.views(0, 500)
    await show.run()
    await shows(page, "Birch", "Ash")
    await page.locator("#trending-line .notice").wait_for(state="detached")
    visit.faults.clear()


async def test_those_who_want_no_motion_get_none(show: Show, visit: Visit) -> None:
    await visit.page.emulate_media(reduced_motion="reduce")
    page = await visit.open()
    await shows(page, "Ash")
    await page.evaluate("void (Element.prototype.animate = () => { throw new Error('moved') })")
    await show.views(0, 500)
    await show.run()
    await shows(page, "Birch", "Ash")
