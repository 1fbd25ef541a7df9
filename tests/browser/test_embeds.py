"""`/embed.js` on pages of other origins, with a policy that lets nothing in but the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from app.runtime.pool import Pool
from app.settings import Settings
from tests.browser.conftest import Visit
from tests.browser.host import served as hosted_by
from tests.browser.pages import TITLES, Show, accessibility_faults
from tests.browser.publisher import HEAD, LIST, POLICY, Host, host
from tests.eventually import eventually
from tests.serving import make_key
from tests.site import Site

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Route

INLINE = """<p><b>Ash</b> <groundswell-hot content-id="Ash"></groundswell-hot>
<groundswell-counter content-id="Ash"></groundswell-counter> views,
<groundswell-counter content-id="Ash" metric="likesTotal"></groundswell-counter> likes
and <groundswell-counter content-id="a, b"></groundswell-counter></p>"""
WIDTHS = (390, 768, 1280)


async def leads_with(site: Site, title: str) -> None:
    """Wait until the API has the list of the newest run: an embed asks for it once."""

    async def is_there() -> bool:
        async with httpx.AsyncClient(base_url=site.url) as client:
            items = (await client.get("/analytics/trending")).json()["items"]
        return bool(items) and items[0]["title"] == title

    await eventually(is_there)


async def test_a_page_with_a_strict_policy_shows_everything(
    trees: Show, chromium: Browser, running_site: Site
) -> None:
    # Before the run, which has stats of what it ranks remembered.
    await trees.views(*range(100, 90, -1))
    await trees.happened(1, "like", 3)
    await trees.run()
    await leads_with(running_site, "Ash")
    await trees.tree("a, b")
    await trees.happened(11, "view", 12_345)
    async with host(chromium, running_site.url, LIST + INLINE + LIST) as found:
        await found.are("ready")
        assert (await found.texts())[:5] == TITLES[:5]
        assert (await found.texts(".views"))[:5] == [
            "Views 100",
            "Views 99",
            "Views 98",
            "Views 97",
            "Views 96",
        ]
        link = found.page.get_by_role("link", name="Ash").first
        assert await link.get_attribute("href") == f"{found.url}/trees/Ash?of=video"
        await found.are("ready", "groundswell-counter")
        counters = found.page.locator("groundswell-counter span")
        assert await counters.all_text_contents() == ["100", "3", "12.3K"]
        await found.are("ready", "groundswell-hot")
        assert await found.page.locator("groundswell-hot span").inner_text() == "Hot"
        # Equal ones share a request, and items of one field do.
        assert len(found.asked("/analytics/trending")) == 1
        assert len(found.asked("/analytics/stats")) == 4
        assert await accessibility_faults(found.page) == []
        # What the page means for all does not get in.
        style = await link.evaluate(
            """(one) => { const is = getComputedStyle(one)
            return [is.color, is.letterSpacing, is.textTransform, is.fontSize] }"""
        )
        assert style == ["rgb(20, 34, 43)", "normal", "none", "16px"]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_it_fits_any_width_in_both_themes_and_nothing_moves(
    show: Show, chromium: Browser, running_site: Site, theme: str
) -> None:
    await show.tree("A title that is longer than any screen " * 5, category="Long " * 30)
    await show.happened(11, "view", 500)
    await show.run()
    body = LIST.replace("<groundswell-trending", f'<groundswell-trending theme="{theme}"')
    async with host(chromium, running_site.url, body + "<p id=after>After</p>") as found:
        await found.are("ready")
        bright = (
            "(one) => getComputedStyle(one).backgroundColor.match(/\\d+/g).every((c) => c > 127)"
        )
        assert await found.page.locator(".list").evaluate(bright) == (theme == "light")
        assert await found.page.evaluate("moved") == 0
        assert await accessibility_faults(found.page) == []
        for width in WIDTHS:
            await found.page.set_viewport_size({"width": width, "height": 900})
            assert await found.page.evaluate("document.documentElement.scrollWidth") <= width
            rows = await found.page.locator("li").evaluate_all(
                "all => all.map((one) => one.offsetHeight)"
            )
            assert set(rows) == {56}


async def test_the_theme_is_that_of_the_page_unless_it_is_said(
    show: Show, chromium: Browser, running_site: Site
) -> None:
    assert show.now
    body = (
        LIST
        + "<script nonce=page>document.documentElement.style.colorScheme = 'light dark'</script>"
    )
    dark = """getComputedStyle(document.querySelector('groundswell-trending').shadowRoot
        .querySelector('.title')).color"""
    async with host(chromium, running_site.url, body, color_scheme="dark") as found:
        await found.are("ready")
        assert await found.page.evaluate(dark) == "rgb(229, 236, 240)"
        # A page that knows no dark stays as it is.
        await found.page.evaluate("document.documentElement.style.colorScheme = ''")
        assert await found.page.evaluate(dark) == "rgb(20, 34, 43)"
        await found.page.evaluate(
            """() => { const one = document.querySelector('groundswell-trending');
            one.setAttribute('accent', 'rebeccapurple'); one.setAttribute('theme', 'light') }"""
        )
        bar = found.page.locator(".bar").first

        async def is_purple() -> bool:
            color = "(one) => getComputedStyle(one).backgroundColor"
            return bool(await bar.evaluate(color) == "rgb(102, 51, 153)")

        await eventually(is_purple)


@pytest.mark.parametrize(
    ("template", "leads"),
    [
        ("javascript:alert('{id}')", None),
        ("JavaScript&colon;alert(1)//{id}", None),
        ("data:text/html,{id}", None),
        ("https://{id}/", None),
        ("https://example.org{id}", None),
        ("//{id}", None),
        ("https://[", None),
        ("{id}", "/{id}"),
        ("?id={id}", "/?id={id}"),
        ("https://example.org/{type}/{id}#{id}", "https://example.org/video/{id}#{id}"),
    ],
)
async def test_titles_are_text_and_links_lead_where_the_template_says(
    trees: Show, chromium: Browser, running_site: Site, template: str, leads: str | None
) -> None:
    hostile = "javascript:alert(1)//<img src=x onerror=alert(1)>"
    await trees.tree(hostile, category="<script>alert(1)</script>")
    await trees.happened(11, "view", 500)
    await trees.run()
    await leads_with(running_site, hostile)
    async with host(
        chromium, running_site.url, LIST.replace("/trees/{id}?of={type}", template)
    ) as found:
        await found.are("ready")
        assert await found.texts() == [hostile]
        assert "<script>alert(1)</script>" in (await found.texts(".about"))[0]
        links = await found.page.locator("a").evaluate_all("all => all.map((one) => one.href)")
        encoded = "javascript%3Aalert(1)%2F%2F%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
        expected = (leads or "").replace("{id}", encoded)
        assert links == (
            [] if leads is None else [expected if "://" in expected else found.url + expected]
        )


async def test_a_list_stays_while_the_service_is_down(
    show: Show, chromium: Browser, site: Site
) -> None:
    with_instead = LIST.replace("><", '><a href="/popular">All that is popular</a><')
    body = with_instead + "<groundswell-counter content-id=Ash>many</groundswell-counter>"
    async with host(chromium, site.url, body, forgiven="Failed to load resource") as found:
        await found.page.clock.install()
        await found.page.reload()
        await found.are("ready")
        await site.stop()
        before = len(found.asked("/analytics/"))
        await found.page.clock.fast_forward(70_000)
        await eventually(lambda: _more(found, before))
        await found.page.evaluate(
            """(html) => {
                const made = document.querySelector('groundswell-trending').cloneNode(true)
                made.setAttribute('window', '1h')
                made.removeAttribute('state')
                document.querySelector('main').append(made)
            }""",
        )

        async def tells_apart() -> bool:
            return await found.state() == ["ready", "failed"]

        await eventually(tells_apart)
        assert (await found.texts())[:2] == TITLES[:2]
        assert await found.page.locator("groundswell-counter span").inner_text() == "100"
        await found.page.get_by_text("All that is popular").last.wait_for(state="visible")
        await show.happened(3, "view", 1_000)
        await show.run()
        await site.start()
        await found.page.clock.fast_forward(150_000)

        async def is_back() -> bool:
            await found.page.clock.fast_forward(150_000)
            return await found.state() == ["ready", "ready"] and (await found.texts())[0] == "Cedar"

        await eventually(is_back, every=0.2)


async def test_what_cannot_be_told_now_is_no_nought(
    show: Show, chromium: Browser, running_site: Site
) -> None:
    assert show.now

    async def unavailable(route: Route) -> None:
        answer = await (await route.fetch()).json()
        answer["items"][0].update(outcome="unavailable", stats=None)
        await route.fulfill(json=answer, headers={"access-control-allow-origin": "*"})

    counters = """<groundswell-counter content-id="Ash">many</groundswell-counter>
        <groundswell-counter content-id="Birch">many</groundswell-counter>"""
    async with host(chromium, running_site.url, "") as found:
        await found.page.route("**/analytics/stats?*", unavailable)
        await found.put(counters)

        async def tells_apart() -> bool:
            return await found.state("groundswell-counter") == ["failed", "ready"]

        await eventually(tells_apart)
        await found.page.get_by_text("many").first.wait_for(state="visible")


async def test_a_slow_answer_holds_up_and_moves_nothing(
    show: Show, chromium: Browser, running_site: Site
) -> None:
    assert show.now
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.continue_()

    async with host(chromium, running_site.url, "<p id=after>After</p>") as found:
        await found.page.route("**/analytics/**", hold)
        await found.put(LIST + INLINE)
        await found.page.locator("groundswell-trending header").wait_for()
        place = "JSON.stringify(document.querySelector('#after').getBoundingClientRect())"
        before = await found.page.evaluate(place)
        assert await found.page.locator("li").count() == 0
        held.set()
        await found.are("ready")
        await found.are("ready", "groundswell-counter")
        assert await found.page.evaluate(place) == before


async def test_hundreds_on_a_page_share_few_requests(
    show: Show, chromium: Browser, running_site: Site
) -> None:
    assert show.now
    counters = "".join(
        f'<groundswell-counter content-id="{title}"></groundswell-counter>'
        for title in [*TITLES, *(f"nothing-{number}" for number in range(90))]
    )
    again = f'<script src="{running_site.url}/embed.js"></script>'
    async with host(chromium, running_site.url, LIST * 100 + again + counters) as found:
        await found.are("ready")
        await found.are("ready", "groundswell-counter")
        assert len(found.asked("/analytics/")) == 3
        shown = await found.page.locator("groundswell-counter span").all_text_contents()
        assert shown[:2] == ["100", "99"]
        assert set(shown[10:]) == {"0"}
        # Those that go leave nothing behind that asks.
        await found.page.clock.install()
        await found.page.evaluate("document.querySelector('main').replaceChildren()")
        await found.page.clock.fast_forward(600_000)
        assert len(found.asked("/analytics/")) == 3


async def test_where_keys_are_needed_a_public_one_of_the_page_reads(
    show: Show, chromium: Browser, settings: Settings, pool: Pool
) -> None:
    assert show.now
    async with served_with_keys(settings) as api:
        pages: list[str] = [""]
        async with hosted_by(pages, policy=POLICY.format(api=api)) as origin:
            key = await make_key(pool, "read", kind="public", origins=(origin,))
            other = await make_key(pool, "read", kind="public", origins=("https://else.example",))
            head = HEAD.format(api=api, lang="en", dir="ltr", reserved="0")
            lists = "".join(
                LIST.replace("<groundswell-trending", f'<groundswell-trending key="{each}"')
                for each in (key, other, "")
            )
            frame = f'<iframe title="{{}}" src="{api}/embed/trending?limit=3&key={{}}"></iframe>'
            pages[0] = head + lists + frame.format("ours", key) + frame.format("others", other)
            context = await chromium.new_context()
            found = Host(await context.new_page(), origin)

            async def tells_apart() -> bool:
                await found.page.goto(origin)
                await found.are("ready", f'groundswell-trending[key="{key}"]')
                await found.are("failed", f'groundswell-trending:not([key="{key}"])')
                return True

            await eventually(tells_apart, within=20)
            ours = found.page.frame_locator("iframe[title=ours]")
            await ours.get_by_text("Ash").wait_for()
            refused = found.page.frame_locator("iframe[title=others]")
            assert await refused.locator("groundswell-trending").count() == 0
            await context.close()


async def test_in_a_frame_of_another_page(
    show: Show, chromium: Browser, running_site: Site
) -> None:
    assert show.now
    asked_for = "limit=3&amp;theme=dark&amp;heading=Trees&amp;link=https://example.org/{id}"
    body = f"""<iframe title="Trees" width="400" height="220"
        src="{running_site.url}/embed/trending?{asked_for}"></iframe>
        <iframe title="Closed" src="{running_site.url}/"></iframe>"""
    async with host(chromium, running_site.url, body, forgiven="frame-ancestors") as found:
        frame = found.page.frame_locator("iframe[title=Trees]")
        link = frame.get_by_role("link", name="Birch")
        await link.wait_for()
        assert await link.get_attribute("href") == "https://example.org/Birch"
        assert await link.get_attribute("target") == "_top"
        assert await frame.locator("li").count() == 3
        assert await frame.get_by_role("list", name="Trees").count() == 1
        inside = next(one for one in found.page.frames if "/embed/" in one.url)
        assert await inside.evaluate("document.documentElement.scrollHeight <= innerHeight")
        closed = found.page.frame_locator("iframe[title=Closed]")
        assert await closed.locator("header").count() == 0


async def test_the_page_for_frames_is_accessible_by_itself(show: Show, visit: Visit) -> None:
    assert show.now
    page = await visit.open("/embed/trending?limit=3&theme=light")
    await page.get_by_text("Cedar").wait_for()
    assert await accessibility_faults(page) == []


async def test_it_reads_from_right_to_left_in_the_words_of_its_language(
    show: Show, chromium: Browser, running_site: Site
) -> None:
    assert show.now
    async with host(
        chromium,
        running_site.url,
        LIST,
        lang="ar-EG",
        direction="rtl",
        viewport={"width": 390, "height": 800},
    ) as found:
        await found.are("ready")
        rank, views = (found.page.locator(name).first for name in (".rank", ".views"))
        assert await _left(rank) > await _left(views)
        assert await rank.inner_text() == "\N{ARABIC-INDIC DIGIT ONE}"
        await found.page.get_by_role("list", name="الأكثر رواجًا").wait_for()
        await found.page.locator("groundswell-trending").evaluate(
            "(one) => { one.lang = 'nl'; one.setAttribute('words', 'Nu populair|Weergaven') }"
        )
        await found.page.get_by_role("list", name="Nu populair").wait_for()
        assert await rank.inner_text() == "1"
        assert await accessibility_faults(found.page) == []


@asynccontextmanager
async def served_with_keys(settings: Settings) -> AsyncIterator[str]:
    """Run an API that answers nothing without a key, whose pages no setting names."""
    site = Site(
        settings,
        {"GROUNDSWELL_REQUIRE_KEYS": "all", "GROUNDSWELL_CORS_ORIGINS": "https://a.example"},
    )
    site.awaited = "/embed.js"
    try:
        await site.start()
        yield site.url
    finally:
        await site.stop()


async def _more(found: Host, before: int) -> bool:
    return len(found.asked("/analytics/")) > before


async def _left(part: Locator) -> float:
    box = await part.bounding_box()
    assert box is not None
    return box["x"]
