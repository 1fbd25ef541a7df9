"""An item's page as a person meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.conftest import ADMIN_KEY, Visit
from tests.browser.pages import LARGEST, Show, accessibility_faults, fits, weight
from tests.eventually import eventually
from tests.site import Site

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

ODD_IDS = ["a/b", "..", ".", "-", "like", "comments", "!x", "=x", "50%", "a?b#c", "海 <b>&amp;'"]


async def pressed(page: Page) -> str:
    name: str = await page.evaluate(
        "document.querySelector('.tile[aria-pressed=true]').dataset.metric"
    )
    return name


async def test_it_shows_numbers_places_and_why(show: Show, visit: Visit) -> None:
    await show.happened(2, "like", 30)
    await show.happened(2, "unlike", 4)
    await show.happened(3, "unlike", 2)
    await show.run()
    page = await visit.open("/items/video/Cedar")
    await page.get_by_role("heading", name="Cedar").wait_for()
    assert "Ada · Even" in await page.locator("#about").inner_text()
    views = page.locator(".tile[data-metric=views]")
    await views.wait_for()
    assert await views.locator(".value").inner_text() == "98"
    # Of likes more were taken back than given: nobody is shown less than none.
    assert await page.locator(".tile[data-metric=likes] .value").inner_text() == "0"
    assert await page.locator(".tile[data-metric=uniqueViewers]").is_enabled()
    await page.locator("#chart[aria-label^='Views over the last 24 hours']").wait_for()

    why = page.locator("#why")
    await why.get_by_text("Views").first.wait_for()
    assert "Place 3" in await page.locator("#why-place").inner_text()
    assert "The last hour added" in await page.locator("#why-hour").inner_text()
    await page.locator("#why-next", has_text="behind place 2, “Ash”: about").wait_for()
    rows = page.locator("#places-body tr")
    await rows.first.wait_for()
    assert await rows.locator("[data-open]").all_inner_texts() == [
        "Trending, 1 hour",
        "Trending, 24 hours",
        "Trending, 7 days",
        "Hot",
    ]
    await page.locator("#history[aria-label^='Place in Trending, 24 hours']").wait_for()

    # Another list, by its link; back leads to the one before.
    await rows.get_by_role("link", name="Hot").click()
    await page.locator("#why-list", has_text="Hot").wait_for()
    await page.go_back()
    await page.locator("#why-list", has_text="Trending, 24 hours").wait_for()
    # What people watched beside it is not known: it is not called so.
    await page.get_by_role("heading", name="Trending beside it").wait_for()


async def test_it_is_light_wide_and_for_everybody(show: Show, visit: Visit) -> None:
    page = await visit.open("/items/video/Ash")
    assert show.now
    await page.locator("#places-body tr").first.wait_for()
    await page.get_by_role("heading", name="Trending beside it").wait_for()
    assert await page.locator(".badge.hot").is_visible()
    assert "among the hottest fifth" in await page.locator("#badges").inner_text()
    assert await weight(page) <= LARGEST
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await accessibility_faults(page) == []
    await fits(page)


async def test_the_chart_is_chosen_by_keyboard_and_stands_in_the_address(
    show: Show, visit: Visit
) -> None:
    page = await visit.open("/items/video/Ash")
    assert show.now
    await page.locator(".tile[data-metric=views]").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.locator("#chart[aria-label^='Likes']").wait_for()
    assert await pressed(page) == "likes"
    assert await page.evaluate("document.activeElement.dataset.metric") == "likes"
    await page.get_by_role("link", name="7d").click()
    await page.locator("#chart[aria-label^='Likes over the last 7 days']").wait_for()
    await page.get_by_label("Bucket").select_option("1h")
    await page.get_by_label("Time zone").select_option("Asia/Tokyo")
    query = await page.evaluate("location.search")
    assert query == "?range=7d&bucket=1h&zone=Asia%2FTokyo&metric=likes"
    # A zone has more names than a browser lists.
    for zone in ("Asia/Kolkata", "Asia/Calcutta"):
        await page.goto(page.url.partition("?")[0] + query.replace("Asia%2FTokyo", zone))
        await page.locator("#chart[aria-label^='Likes over the last 7 days']").wait_for()
        assert await page.get_by_label("Time zone").input_value() == zone
    # Viewers are kept for 40 days.
    await page.get_by_role("link", name="90d").click()
    await page.get_by_text("kept for 40 days").wait_for()


async def test_an_open_page_asks_one_explanation_a_minute(show: Show, visit: Visit) -> None:
    """Each is the work of a formula, and there are twenty rankings."""
    assert show.now
    asked: list[str] = []
    visit.page.on(
        "request",
        lambda request: asked.append(request.url) if "/items/Ash" in request.url else None,
    )
    await visit.page.clock.install()
    page = await visit.open("/items/video/Ash")
    await page.locator("#places-body tr").nth(3).wait_for()
    of_places = [url for url in asked if "/places" in url]
    of_rankings = [url for url in asked if "/rankings/" in url]
    assert (len(of_places), len(of_rankings)) == (1, 1)
    for minute in range(1, 4):
        async with page.expect_response("**/analytics/rankings/trending_24h/items/Ash*"):
            await page.clock.fast_forward(61_000)
        assert len([url for url in asked if "/rankings/" in url]) == 1 + minute
        assert len([url for url in asked if "/places" in url]) == 1 + minute


async def test_any_id_has_a_page(trees: Show, visit: Visit) -> None:
    for number, content_id in enumerate(ODD_IDS, start=1):
        item = await trees.world.item(content_id, content_type="my type")
        await trees.happened(item, "view", number)
    await trees.run()
    page = await visit.open()
    for number, content_id in enumerate(ODD_IDS, start=1):
        rows = page.locator("#body [data-open]")
        await rows.get_by_text(content_id, exact=True).click()
        await page.get_by_role("heading", name=content_id, exact=True).wait_for()
        views = page.locator(".tile[data-metric=views] .value")
        await views.wait_for()
        assert await views.inner_text() == str(number)
        place = len(ODD_IDS) + 1 - number
        await page.locator("#why-place strong", has_text=f"Place {place}").wait_for()
        await page.go_back()


async def test_an_unknown_item_is_told(show: Show, visit: Visit) -> None:
    page = await visit.open("/items/video/nobody")
    assert show.now
    await page.get_by_role("heading", name="No video has the id “nobody”").wait_for()
    assert await page.locator("#content").is_hidden()
    assert await accessibility_faults(page) == []


async def test_a_key_is_asked_for_kept_for_the_tab_and_lets_an_admin_manage(
    show: Show, chromium: Browser, closed_site: Site
) -> None:
    context = await chromium.new_context()
    visit = Visit(await context.new_page(), closed_site.url)
    page = await visit.open("/items/video/Ash")
    dialog = page.get_by_role("dialog", name="A key is needed")
    await dialog.wait_for()
    assert await accessibility_faults(page) == []
    # Declined: the page says so, and asks no more by itself.
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Enter a key").click()
    await dialog.get_by_label("Key").fill("wrong")
    await page.keyboard.press("Enter")
    await dialog.get_by_text("does not take the key").wait_for()
    await dialog.get_by_label("Key").fill(ADMIN_KEY)
    await dialog.get_by_role("button", name="Use this key").click()
    await page.get_by_role("heading", name="Ash").wait_for()
    await page.locator("#why-place", has_text="Place 1").wait_for()
    assert await page.evaluate("localStorage.length") == 0
    assert await page.evaluate("document.cookie") == ""

    await page.get_by_role("button", name="Manage").click()
    managing = page.get_by_role("dialog", name="Manage this item")
    await managing.get_by_role("button", name="Exclude").click()
    await managing.get_by_text("Say why").wait_for()
    await managing.get_by_label("Why rankings").fill("bought views")
    await managing.get_by_role("button", name="Exclude").click()
    await page.locator("#badges", has_text="bought views").wait_for()
    assert await accessibility_faults(page) == []
    await managing.get_by_role("button", name="Include again").click()
    await page.locator("#badges", has_text="bought views").wait_for(state="hidden")
    await managing.get_by_label("Title").fill("Ash tree")
    await managing.get_by_role("button", name="Save").click()
    await page.locator("#title", has_text="Ash tree").wait_for()

    async def is_written() -> bool:
        found = await show.world.rows("select title from core.item where external_id = 'Ash'")
        return found == [("Ash tree",)]

    await eventually(is_written)

    await managing.get_by_role("button", name="Pin, feature or block").click()
    asked = page.get_by_role("dialog", name="Ash tree in lists")
    await asked.get_by_role("combobox", name="Ranking", exact=True).select_option("trending_24h")
    await asked.get_by_role("combobox", name="What", exact=True).select_option("feature")
    assert await asked.get_by_role("spinbutton", name="Place").is_hidden()
    await asked.get_by_label("Why").fill("tree of the year")
    await asked.get_by_role("button", name="Do it").click()
    await asked.wait_for(state="hidden")
    await show.run()
    featured = (
        "select content_id from api.ranking_entry where featured and ranking = 'trending_24h'"
    )
    assert await show.world.rows(featured) == [("Ash",)]
    another = await context.new_page()
    await another.goto(closed_site.url)
    await another.get_by_role("dialog", name="A key is needed").wait_for()
    assert all("status of 40" in fault for fault in visit.faults)
    await context.close()


async def test_ticks_of_a_chart_do_not_say_the_same_twice(visit: Visit) -> None:
    """Runs may be seconds apart, and ticks between them, where clocks tell minutes."""
    page = await visit.open("/items/video/none")
    labels = await page.evaluate(
        """async () => {
          const own = [...document.scripts].find((one) => one.src.endsWith("/item.js")).src;
          const { tickLabels } = await import(own.replace("item.js", "parts/chart.js"));
          return tickLabels([60, 80, 100, 120, 140], 20, "UTC");
        }"""
    )
    assert [bool(label) for label in labels] == [True, False, False, True, False]
    assert labels[0] != labels[3]
