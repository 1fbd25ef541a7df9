"""The page of all rankings as a person meets it: lists, the past, and what if (F2, E2, E4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from app.settings import Settings
from tests.browser.conftest import ADMIN_KEY, Visit
from tests.browser.pages import LARGEST, Show, accessibility_faults, fits, shows, weight
from tests.eventually import eventually
from tests.site import Site, served

if TYPE_CHECKING:
    from playwright.async_api import Browser, Route


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
        "Trending, 1 hour",
        "Trending, 24 hours",
        "Trending, 7 days",
        "Hot",
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
    slider = page.get_by_label("Show as of")
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


async def test_an_address_may_say_anything(show: Show, visit: Visit) -> None:
    assert show.now
    page = await visit.open("/rankings?ago=soon")
    await shows(page, "Ash")
    assert await page.locator("#ago-words").inner_text() == "now"
    await visit.open("/?window=constructor&change=toString")
    await shows(page, "Ash")
    await visit.open("/items/video/Ash?range=constructor&metric=toString")
    await page.get_by_role("heading", name="Ash").wait_for()
    await page.locator("#chart canvas").wait_for()


async def test_rows_keep_the_name_that_they_came_with(show: Show, visit: Visit) -> None:
    """Those of another ranking were hidden, those of another time dimmed under the new one."""
    assert show.now
    page = await visit.open("/rankings?segment=category:Odd")
    await shows(page, "Birch")
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/analytics/rankings/hot?*", hold)
    await page.route("**/analytics/rankings/trending_24h?*asOf*", hold)
    listed, head = page.locator("#list"), page.locator("#list .card-head")

    async def is_dimmed(requests: int) -> bool:
        assert len(held) == requests
        assert await listed.get_attribute("aria-busy") == "true"
        return True

    told = await head.inner_text()
    assert "Trending, 24 hours Odd" in told
    await page.get_by_label("Show as of").press("ArrowLeft")
    await eventually(lambda: is_dimmed(1))
    assert await page.locator("#ago-words").inner_text() == "1 hour ago"
    assert await head.inner_text() == told
    await shows(page, "Birch")
    await page.locator("#groups").get_by_role("link", name="Hot", exact=True).click()
    await eventually(lambda: is_dimmed(2))
    assert (await page.locator("#list-title").inner_text()) == "Trending, 24 hours"
    await shows(page, "Birch")
    # What it would be of is not to be seen yet: it cannot be tried out either.
    assert await page.get_by_role("button", name="What if").is_hidden()
    await held[1].abort()
    await page.locator("#list-notice", has_text="The API cannot be reached").wait_for()
    assert await page.locator("#list-title").inner_text() == "Hot"
    assert await page.locator("#table").is_hidden()
    await page.unroute("**/analytics/rankings/hot?*")
    await page.get_by_label("Show as of").press("ArrowRight")
    await page.locator("#body [data-open]").first.wait_for()
    assert all("ERR_FAILED" in fault for fault in visit.faults)
    visit.faults.clear()


async def _is_one(held: list[Route]) -> bool:
    return len(held) == 1


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


async def test_late_settings_of_another_ranking_become_no_levers_of_this_one(
    show: Show, chromium: Browser, admin_site: Site
) -> None:
    """Applied, they would have changed one ranking to what another one is."""
    await show.world.execute("update core.ranking set like_weight = 77 where name = 'trending_7d'")
    context = await chromium.new_context()
    # Plain HTTP under a name: there is no clipboard.
    await context.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
        f"sessionStorage.setItem('groundswell-key', '{ADMIN_KEY}')"
    )
    visit = Visit(await context.new_page(), admin_site.url)
    page = await visit.open("/rankings?ranking=trending_7d")
    await page.locator("#words", has_text="7 days").wait_for()
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/admin/rankings/trending_7d", hold)
    await page.get_by_role("button", name="What if").click()
    await eventually(lambda: _is_one(held))
    await page.locator("#groups").get_by_role("link", name="Trending, 24 hours").click()
    await page.locator("#words", has_text="24 hours").wait_for()
    await page.get_by_role("button", name="What if").click()
    like = page.locator("#levers").get_by_role("spinbutton", name="A like")
    await like.wait_for()
    async with page.expect_response("**/admin/rankings/trending_7d") as late:
        await held[0].continue_()
    await (await late.value).finished()
    await page.wait_for_timeout(200)
    assert await like.input_value() != "77"

    await like.fill("6")
    await page.locator("#what-said", has_text="Nothing changes").wait_for()
    await page.get_by_role("button", name="Copy as SQL").click()
    await page.locator("#what-said", has_text="in the clipboard").wait_for()
    assert visit.faults == []
    await context.close()


async def test_who_was_quicker_is_told_and_nothing_is_lost(
    show: Show, chromium: Browser, admin_site: Site
) -> None:
    """Applied, the page's settings took back what somebody else had just set."""
    assert show.now
    context = await chromium.new_context()
    await context.add_init_script(f"sessionStorage.setItem('groundswell-key', '{ADMIN_KEY}')")
    visit = Visit(await context.new_page(), admin_site.url)
    page = await visit.open("/rankings")
    await page.locator("#words", has_text="24 hours").wait_for()
    await page.get_by_role("button", name="What if").click()
    levers = page.locator("#levers")
    like = levers.get_by_role("spinbutton", name="A like")
    await like.fill("6")
    await page.locator("#what-said", has_text="Nothing changes").wait_for()
    await show.world.execute("update core.ranking set share_weight = 9 where name = 'trending_24h'")
    await page.get_by_role("button", name="Apply …").click()
    applying = page.get_by_role("dialog", name="Change it for everybody?")
    await applying.get_by_role("button", name="Apply", exact=True).click()
    notice = page.locator("#what-notice")
    await notice.get_by_text("Somebody else has changed this ranking meanwhile").wait_for()
    assert "A share 4 → 9" in await notice.inner_text()
    assert await like.input_value() == "6"
    assert await levers.get_by_role("spinbutton", name="A share").input_value() == "9"
    await page.get_by_role("button", name="Apply …").click()
    assert await page.locator("#applying-what").inner_text() == "A like: 5 → 6 points"
    await applying.get_by_role("button", name="Apply", exact=True).click()
    await page.locator("#what-said", has_text="The next run").wait_for()
    found = await show.world.rows(
        "select like_weight, share_weight from core.ranking where name = 'trending_24h'"
    )
    assert found == [(6.0, 9.0)]
    assert all("status of 412" in fault for fault in visit.faults)
    await context.close()


async def test_an_editor_pins_reviews_and_lifts(
    show: Show, chromium: Browser, admin_site: Site
) -> None:
    context = await chromium.new_context()
    visit = Visit(await context.new_page(), admin_site.url)
    page = await visit.open("/rankings")
    await shows(page, "Ash", "Birch")
    assert await page.get_by_role("button", name="Edit Birch in this list").is_hidden()
    await page.get_by_role("button", name="Rules …").click()
    dialog = page.get_by_role("dialog", name="A key is needed")
    await dialog.get_by_label("Key").fill(ADMIN_KEY)
    await page.keyboard.press("Enter")
    await page.locator("#rules-words", has_text="No rule acts").wait_for()

    await page.get_by_role("button", name="Edit Elm in this list").click()
    asked = page.get_by_role("dialog", name="Elm in lists")
    await asked.get_by_role("button", name="Do it").click()
    # Told in the service's words.
    await asked.get_by_text("reason: expected").wait_for()
    assert await accessibility_faults(page) == []
    await asked.get_by_label("Why").fill("tree of the year")
    await asked.get_by_role("spinbutton", name="Place").fill("1")
    await asked.get_by_role("button", name="Do it").click()
    await page.locator("#rules", has_text="tree of the year").wait_for()
    await show.run()
    await shows(page, "Elm", "Ash")
    assert await page.locator("#body tr").first.locator(".badge").inner_text() == "Pinned"
    assert await accessibility_faults(page) == []
    await fits(page)

    rule = '{"kind": "hold", "top": 2, "reason": "spam wave", "ranking": "trending_24h"}'
    await show.world.execute("select api.put_rule('new', %s::jsonb, 'me', now())", rule)
    await show.happened(10, "view", 500)
    await show.run()
    await page.get_by_role("button", name="Rules …").click()
    await page.locator("#waiting-title", has_text="1 waits for review").wait_for()
    await page.get_by_role("button", name="Approve Juniper").click()
    await page.locator("#editor-said", has_text="Approved.").wait_for()
    assert await page.locator("#waiting").is_hidden()
    await page.get_by_role("button", name="Lift pin-").click()
    await page.locator("#editor-said", has_text="is lifted").wait_for()
    await show.run()
    await shows(page, "Juniper", "Ash")
    assert all("status of 40" in fault for fault in visit.faults)
    visit.faults.clear()
