"""The page at `/schema` as a person meets it: to read, to try out, and to leave again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Visit

CONTRAST = """
(element) => {
  const channels = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((c) => {
    const part = c / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = (color) => {
    const [r, g, b] = channels(color);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)")
    behind = behind.parentElement ?? behind.getRootNode().host;
  const [one, other] = [
    light(getComputedStyle(element).color), light(getComputedStyle(behind).backgroundColor),
  ].sort((a, b) => b - a);
  return (one + 0.05) / (other + 0.05);
}
"""


async def test_a_request_can_be_tried_as_it_stands(visit: Visit) -> None:
    page = await visit.open("/schema")
    await page.get_by_text("What is trending now").first.click(timeout=20_000)
    assert await page.locator("[data-pname=window]").first.input_value() == "24h"
    await page.get_by_role("button", name="TRY", exact=True).click()
    status = page.get_by_text("Response Status: OK:200")
    await status.wait_for()
    assert await status.evaluate(CONTRAST) >= 4.5


async def test_events_can_be_recorded_as_they_stand(visit: Visit) -> None:
    page = await visit.open("/schema")
    await page.get_by_text("Record events").first.click(timeout=20_000)
    await page.get_by_role("button", name="TRY", exact=True).click()
    await page.get_by_text("Response Status: Accepted:202").wait_for()


async def test_a_key_can_be_entered(visit: Visit) -> None:
    page = await visit.open("/schema")
    await page.get_by_text("No API key applied").wait_for(timeout=20_000)
    await page.get_by_placeholder("api-token").first.fill("a key")
    await page.get_by_role("button", name="SET").first.click()
    await page.get_by_text("1 API key applied").wait_for()


async def test_it_leads_home(visit: Visit) -> None:
    page = await visit.open("/schema")
    await page.get_by_role("link", name="Groundswell").click()
    await page.get_by_role("heading", name="Trending now").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_read_in_light_and_dark(visit: Visit, scheme: Any) -> None:
    await visit.page.emulate_media(color_scheme=scheme)
    page = await visit.open("/schema")
    await page.get_by_text("What is trending now").first.wait_for(state="attached", timeout=20_000)
    for width in (1280, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        for text in (
            "Overview",
            "Record what people do.",
            "/analytics/events",
            "No API key applied",
            "SET",
        ):
            found = page.get_by_text(text, exact=True).first
            assert await found.evaluate(CONTRAST) >= 4.5, (text, width)
