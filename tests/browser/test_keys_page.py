"""The page of API keys: make, bound and revoke (F2, F7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest

from app.runtime.pool import Pool
from app.settings import Settings
from tests.browser.conftest import ADMIN_KEY, Visit
from tests.browser.pages import LARGEST, accessibility_faults, fits, weight
from tests.eventually import eventually
from tests.serving import make_key
from tests.site import Site, served

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page


@pytest.fixture(scope="module")
async def admin_site(settings: Settings) -> AsyncIterator[Site]:
    """An API whose keys an admin makes."""
    async with served(settings, GROUNDSWELL_ADMIN_KEY=ADMIN_KEY) as site:
        yield site


@pytest.fixture
async def visit(
    clean: None,  # noqa: ARG001
    chromium: Browser,
    admin_site: Site,
) -> AsyncIterator[Visit]:
    context = await chromium.new_context(
        viewport={"width": 1200, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
    )
    visit = Visit(await context.new_page(), admin_site.url)
    yield visit
    assert all("status of 40" in fault for fault in visit.faults)
    await context.close()


async def opened(visit: Visit, key: str = ADMIN_KEY) -> Page:
    page = await visit.open("/keys")
    dialog = page.get_by_role("dialog", name="A key is needed")
    await dialog.get_by_label("Key").fill(key)
    await page.keyboard.press("Enter")
    return page


async def readable(page: Page) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await accessibility_faults(page) == []


async def test_a_key_is_made_bounded_and_revoked(visit: Visit) -> None:  # noqa: PLR0915
    page = await opened(visit)
    await page.get_by_role("heading", name="There are no keys").wait_for()
    await page.get_by_role("button", name="New key").click()
    making = page.get_by_role("dialog", name="New key")
    await making.get_by_label("Name").fill("site")
    await making.get_by_label("Kind").select_option("public")
    # A public key begins with the bounds of one, and cannot administer.
    assert await making.get_by_label("Most count").input_value() == "1"
    assert await making.get_by_label("everything").is_disabled()
    await making.get_by_label("Origins").fill("example.org")
    await readable(page)
    await fits(page)
    await making.get_by_role("button", name="Make it").click()
    # What the service refuses is told, and what was typed stays.
    await making.get_by_role("alert").get_by_text("'example.org' is not an origin").wait_for()
    await making.get_by_label("Origins").fill("https://example.org")
    await making.get_by_role("button", name="Make it").click()

    # Shown once: no slip of the finger closes it, and it can be copied.
    made = page.get_by_role("dialog", name="The new key")
    key = await made.locator("code").inner_text()
    assert key.startswith("gpk_")
    await page.keyboard.press("Escape")
    await made.get_by_role("button", name="Copy").click()
    await made.get_by_text("in the clipboard").wait_for()
    assert await page.evaluate("navigator.clipboard.readText()") == key
    await readable(page)
    await made.get_by_role("button", name="I have it").click()

    async def is_gone() -> bool:
        return key not in await page.content()

    await eventually(is_gone)
    row = page.locator("#body tr")
    await row.get_by_text("pages of https://example.org · count up to 1").wait_for()
    assert key[:12] in await row.inner_text()
    assert await weight(page) <= LARGEST
    await readable(page)
    await fits(page)
    await page.set_viewport_size({"width": 390, "height": 800})
    await readable(page)
    await page.set_viewport_size({"width": 1200, "height": 900})

    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    bounds = page.get_by_role("dialog", name="Bounds of site")
    await bounds.get_by_label("Events a minute").fill("600")
    await bounds.get_by_label("Most count").fill("")
    await bounds.get_by_role("button", name="Change").click()
    await row.get_by_text("600 events a minute · at most 1 h old").wait_for()

    await row.get_by_role("button", name="Revoke: site").click()
    revoking = page.get_by_role("dialog", name="Revoke “site”?")
    await readable(page)
    await revoking.get_by_role("button", name="Keep it").click()
    await row.get_by_role("button", name="Revoke: site").click()
    await revoking.get_by_role("button", name="Revoke", exact=True).click()
    await page.get_by_role("heading", name="There are no keys").wait_for()
    await page.get_by_label("Revoked ones, too").check()
    await row.get_by_text("revoked").wait_for()
    assert await row.get_by_role("button").count() == 0
    await readable(page)


async def test_ones_own_key_is_asked_about_twice(visit: Visit, pool: Pool) -> None:
    own = await make_key(pool, "admin")
    page = await opened(visit, own)
    row = page.locator("#body tr")
    await row.get_by_text("yours").wait_for()
    revoking = page.get_by_role("dialog", name="Revoke “a test's”?")
    again = page.get_by_role("dialog", name="You use this key yourself")
    await row.get_by_role("button", name="Revoke").click()
    await revoking.get_by_role("button", name="Revoke", exact=True).click()
    assert "locked out" in await again.inner_text()
    await again.get_by_role("button", name="Keep it").click()
    await row.get_by_role("button", name="Revoke").click()
    await revoking.get_by_role("button", name="Revoke", exact=True).click()
    await again.get_by_role("button", name="Revoke my own key").click()
    # The tab forgets it, and asks for another one.
    asked = page.get_by_role("dialog", name="A key is needed")
    await asked.wait_for()
    assert await page.evaluate("sessionStorage.getItem('groundswell-key')") is None


async def test_a_key_that_is_no_admins_is_told(visit: Visit, pool: Pool) -> None:
    key = await make_key(pool, "read")

    async def is_known() -> bool:
        async with httpx.AsyncClient(base_url=visit.url) as client:
            found = await client.get("/admin/keys", headers={"x-api-key": key})
        return found.status_code == 403

    await eventually(is_known)
    page = await opened(visit, key)
    dialog = page.get_by_role("dialog", name="A key is needed")
    await dialog.get_by_text("does not have the scope 'admin'").wait_for()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Use another key").wait_for()
    await readable(page)
