"""What all pages have: keys, search, theme; tried on the overview."""

from __future__ import annotations

from tests.browser.conftest import Visit
from tests.browser.pages import Show, accessibility_faults, shows
from tests.eventually import eventually


async def test_everything_is_reached_by_keyboard(show: Show, visit: Visit) -> None:
    page = await visit.open()
    await shows(page, "Ash", "Birch", "Cedar")
    assert show.now
    focused = "document.activeElement.textContent"
    for key, row in (("j", "Ash"), ("j", "Birch"), ("k", "Ash"), ("k", "Ash"), ("j", "Birch")):
        await page.keyboard.press(key)
        assert await page.evaluate(focused) == row
    await page.keyboard.press("?")
    await page.get_by_role("dialog", name="Keyboard").wait_for()
    assert await accessibility_faults(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("dialog").wait_for(state="hidden")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/items/*/*")
    await page.go_back()
    await shows(page, "Ash")
    # The first thing that Tab meets leads past the header.
    await page.keyboard.press("Tab")
    assert await page.evaluate(focused) == "Skip to the content"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"


async def test_the_search_finds_what_the_catalogue_has(trees: Show, visit: Visit) -> None:
    await trees.tree("Elmwood documentary", kind="movie", category="Films about trees")
    page = await visit.open()
    await page.locator("#search").wait_for()
    await page.keyboard.press("/")
    await page.keyboard.type("elm")

    async def are_found() -> bool:
        found = await page.locator("#found .what").all_inner_texts()
        return found == ["Elmwood documentary", "Elm"]

    # Each letter asks again.
    await eventually(are_found)
    assert await accessibility_faults(page) == []
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Elm", exact=True).wait_for()

    await page.keyboard.press("/")
    await page.keyboard.type("FILMS")
    await page.get_by_role("option", name="Films about trees").wait_for()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/?category=Films+about+trees")
    await page.keyboard.press("/")
    await page.keyboard.type("zebra")
    await page.get_by_text("Nothing in the catalogue begins with “zebra”").wait_for()
    await page.keyboard.press("Escape")
    assert await page.locator("#found").is_hidden()
    assert await page.evaluate("document.activeElement.id") != "search"


async def test_the_theme_is_the_systems_until_it_is_chosen(show: Show, visit: Visit) -> None:
    bright = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((c) => c > 127)"
    await visit.page.emulate_media(color_scheme="dark")
    page = await visit.open()
    await shows(page, "Ash")
    assert show.now
    assert not await page.evaluate(bright)
    await page.get_by_role("button", name="Theme: system").click()
    await page.get_by_role("button", name="Theme: light").wait_for()
    assert await page.evaluate(bright)
    await page.reload()
    assert await page.evaluate(bright)
    await page.get_by_role("button", name="Theme: light").click()
    await page.get_by_role("button", name="Theme: dark").click()
    await page.get_by_role("button", name="Theme: system").wait_for()
    assert await page.evaluate("localStorage.length") == 0
