"""Makes docs/images: every page at three widths in both themes, for docs/pages.md.

`make pictures` does it from a running `make run` (URL, KEY: its address and admin key). It makes a
few keys and alerts there, once. Chromium takes the pictures and packs them, too, as WebP.
"""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

IMAGES = Path(__file__).parents[2] / "docs" / "images"
THEMES = ("light", "dark")
SIZES = {390: 844, 1280: 800, 1920: 1080}
"""Heights of windows by their widths."""
QUALITY = {390: 0.72, 1280: 0.5, 1920: 0.35}
"""Of the packed pictures, by their widths."""
MOST_BYTES = 2_000_000
"""Of all pictures together."""
KEYS: tuple[dict[str, object], ...] = (
    {"name": "importer", "scopes": ["write", "backfill"], "rateLimit": 60_000},
    {
        "name": "example.org",
        "kind": "public",
        "scopes": ["read", "write"],
        "allowedOrigins": ["https://example.org"],
        "rateLimit": 6_000,
    },
    {"name": "Grafana", "scopes": ["read"]},
)
ALERTS: tuple[dict[str, object], ...] = (
    {
        "name": "New in the top ten",
        "ranking": "trending_1h",
        "condition": {"type": "entersTop", "n": 10},
    },
    {
        "name": "Ten thousand views",
        "condition": {"type": "passesCount", "metric": "views", "count": 10_000},
        "url": "https://hooks.example.org/alerts",
    },
)
PACK = """async ([png, quality]) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", quality).split(",")[1];
}"""


class Pictured(NamedTuple):
    """A page: its address, what is there once it can be looked at, and what is clicked first."""

    path: str
    awaited: str
    click: str = ""
    then: str = ""


def pages(content_id: str) -> dict[str, Pictured]:
    """Return the pages by the names of their pictures."""
    return {
        "overview": Pictured("/", "#body .line svg[role=img], #body .line path"),
        "item": Pictured(f"/items/video/{content_id}", "#why-parts .bar"),
        "rankings": Pictured("/rankings", "#body tr"),
        "what-if": Pictured("/rankings", "#words:not(:empty)", "#tune", "#levers .lever"),
        "alerts": Pictured("/alerts", "#alerts li"),
        "keys": Pictured("/keys", "#body tr"),
        "new-key": Pictured("/keys", "#body tr", "#new", "#making[open]"),
        "status": Pictured("/status", "#lists tr"),
        "schema": Pictured("/schema", "rapi-doc"),
        "problems": Pictured("/problems", "main h1"),
    }


async def prepared(url: str, key: str) -> str:
    """Make the keys and alerts that are to be seen, and return the item that leads."""
    headers = {"x-api-key": key}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        for path, field, wanted in (("/admin/keys", "keys", KEYS), ("/alerts", "alerts", ALERTS)):
            found = (await client.get(path)).raise_for_status().json()[field]
            names = {each["name"] for each in found}
            for one in wanted:
                if one["name"] not in names:
                    (await client.post(path, json=one)).raise_for_status()
        listed = await client.get("/analytics/trending", params={"limit": 1})
        leading: str = listed.raise_for_status().json()["items"][0]["contentId"]
        return leading


async def take(page: Page, url: str, wanted: Pictured) -> bytes:
    """Go there, wait until it stands still, and take its picture."""
    await page.goto(url + wanted.path, wait_until="commit", timeout=180_000)
    await page.locator(wanted.awaited).first.wait_for(state="attached", timeout=90_000)
    if wanted.click:
        await page.locator(wanted.click).click()
        await page.locator(wanted.then).first.wait_for(timeout=90_000)
    for busy in (".skeleton", "main [aria-busy=true]"):
        await page.locator(busy).first.wait_for(state="detached", timeout=90_000)
    await page.wait_for_timeout(1_500)
    return await page.screenshot(timeout=180_000)


async def main(url: str, key: str, only: list[str]) -> None:
    """Make all pictures anew, or those of the named pages."""
    from playwright.async_api import async_playwright  # noqa: PLC0415  # slow to import

    wanted = pages(await prepared(url, key))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox"]
        )
        packer = await browser.new_page()
        for width, height in SIZES.items():
            for theme in THEMES:
                page = await opened(browser, key, width=width, height=height, theme=theme)
                for name in only or wanted:
                    png = base64.b64encode(await take(page, url, wanted[name])).decode()
                    packed: str = await packer.evaluate(PACK, [png, QUALITY[width]])
                    path = IMAGES / f"{name}-{theme}-{width}.webp"
                    path.write_bytes(base64.b64decode(packed))
                    print(f"{path.name}: {path.stat().st_size:,} bytes", flush=True)
                await page.context.close()
        await browser.close()
    total = sum(path.stat().st_size for path in IMAGES.iterdir())
    print(f"all together {total:,} bytes")
    if total > MOST_BYTES:
        raise SystemExit(f"they must not be more than {MOST_BYTES:,}")


async def opened(browser: Browser, key: str, *, width: int, height: int, theme: Any) -> Page:
    """Return a page of this size and theme, with the key in its tab."""
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, locale="en-GB"
    )
    await context.add_init_script(f"sessionStorage.setItem('groundswell-key', '{key}')")
    return await context.new_page()


if __name__ == "__main__":
    asyncio.run(
        main(
            os.environ.get("URL", "http://127.0.0.1:8000"),
            os.environ.get("KEY", ""),
            sys.argv[1:],
        )
    )
