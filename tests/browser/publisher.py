"""Publishers' pages with embeds, under a policy that lets nothing in but the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.browser.conftest import Visit
from tests.browser.host import served
from tests.eventually import eventually

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

POLICY = (
    "default-src 'none'; script-src {api} 'nonce-page'; connect-src {api}; frame-src {api}; "
    "style-src 'nonce-page'; require-trusted-types-for 'script'; base-uri 'none'"
)
HEAD = """<!doctype html><html lang="{lang}" dir="{dir}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Forest news</title>
<style nonce="page">
    /* A page that means all it says. */
    * {{ letter-spacing: 2px; text-transform: uppercase; color: #900 }}
    html {{ font-size: 10px }}
    groundswell-trending:not(:defined) {{ display: block; min-height: {reserved} }}
</style>
<script nonce="page">
    window.moved = 0
    new PerformanceObserver((list) => list.getEntries().forEach((one) => {{ moved += one.value }}))
        .observe({{type: 'layout-shift', buffered: true}})
</script>
<script async src="{api}/embed.js"></script><main><h1>Forest news</h1>"""
LIST = '<groundswell-trending limit="5" link="/trees/{id}?of={type}"></groundswell-trending>'


class Host(Visit):
    """A page of another origin."""

    def __init__(self, page: Page, url: str) -> None:
        super().__init__(page, url)
        self.urls: list[str] = []
        page.on("request", lambda one: self.urls.append(one.url))

    def asked(self, path: str) -> list[str]:
        """Return the addresses that were asked for under a path."""
        return [url for url in self.urls if urlsplit(url).path.startswith(path)]

    async def texts(self, selector: str = ".title") -> list[str]:
        """Return the texts of what is in the first list."""
        return await self.page.locator(
            f"groundswell-trending >> css={selector}"
        ).all_text_contents()

    async def state(self, selector: str = "groundswell-trending") -> list[str | None]:
        """Return how the elements fare."""
        states: list[str | None] = await self.page.locator(selector).evaluate_all(
            "all => all.map((one) => one.getAttribute('state'))"
        )
        return states

    async def put(self, html: str) -> None:
        """Put elements into the page."""
        await self.page.evaluate(
            """(html) => {
                const made = trustedTypes.createPolicy('made', {createHTML: (text) => text})
                const main = document.querySelector('main')
                main.insertAdjacentHTML('afterbegin', made.createHTML(html))
            }""",
            html,
        )

    async def are(self, state: str, selector: str = "groundswell-trending") -> None:
        """Wait until all elements fare so."""

        async def fare() -> bool:
            assert set(await self.state(selector)) == {state}
            return True

        await eventually(fare)


@asynccontextmanager
async def host(  # what pages differ in
    browser: Browser,
    api: str,
    body: str,
    *,
    before: str = "",
    lang: str = "en",
    direction: str = "ltr",
    forgiven: str = "",
    **context: Any,  # Playwright's options
) -> AsyncIterator[Host]:
    """Open a page; it must meet no fault but those that begin so, and no other host."""
    head = HEAD.format(api=api, lang=lang, dir=direction, reserved="calc(50px + 5 * 56px)")
    pages: list[str] = [head + body]
    async with served(pages, policy=POLICY.format(api=api)) as origin:
        opened = await browser.new_context(**{"viewport": {"width": 900, "height": 900}, **context})
        found = Host(await opened.new_page(), origin)
        if before:
            await found.page.add_init_script(before)
        await found.page.goto(origin)
        yield found
        await opened.close()
    faults = [one for one in found.faults if not (forgiven and forgiven in one)]
    assert faults == []
    assert found.hosts <= {urlsplit(origin).netloc, urlsplit(api).netloc}
