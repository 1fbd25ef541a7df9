"""`/beacon.js` in a real browser, on a page of another origin."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.packing import EVENT_TYPES
from app.ingest.uuid7 import millisecond_of
from app.runtime.pool import Pool
from tests.browser.host import PERSON, TAG, Hosted, alone, is_known, recorded, served
from tests.eventually import eventually
from tests.serving import make_key

pytestmark = pytest.mark.usefixtures("clean")

EARLY = """<!doctype html><title>A page</title><script>
window.groundswell = window.groundswell
    || function () {{ (groundswell.q = groundswell.q || []).push(arguments) }}
groundswell('like', 'a', {{userId: 'u'}})</script>"""
MANY = """
    for (let n = 0; n < {}; n++)
        groundswell('share', 'b' + n, {{metadata: {{text: 'ä'.repeat({})}}}})
"""
PRERENDERING = """<!doctype html><title>A page</title>
<script type="speculationrules">
{"prerender": [{"urls": ["/next"], "eagerness": "immediate"}]}
</script>
<script>
// Longer than the beacon waits for more.
fetch('/wait').then(() => setTimeout(() => { location.href = '/next' }, 1500))
</script>"""
NEXT = (
    TAG
    + """<script>
groundswell('like', 'prerendering: ' + document.prerendering)
if (document.prerendering) fetch('/ready')
</script>"""
)
NEVER = "window.setTimeout = () => 1"


async def test_a_page_records_with_a_beacon_in_one_batch(hosted: Hosted, redis: Redis) -> None:
    async with hosted() as page:
        view, like = await eventually(lambda: recorded(redis))
        assert view.session_id == like.session_id == await page.evaluate("sessionStorage.gs")
    assert await redis.xlen(keys.EVENT_STREAM) == 1
    assert (EVENT_TYPES[view.type], view.content_type, view.content_id) == (
        "view",
        "film",
        "film-1",
    )
    assert (EVENT_TYPES[like.type], like.content_id, like.user_id) == ("like", "a", "u")
    milliseconds = [millisecond_of(UUID(bytes=event.event_id)) for event in (view, like)]
    assert [event.occurred_at // 1_000 for event in (view, like)] == milliseconds
    assert view.uncounted_because is None


async def test_what_waits_is_sent_when_the_page_is_left(hosted: Hosted, redis: Redis) -> None:
    async with hosted(before=NEVER) as page:
        assert await recorded(redis) == []
        await page.goto("about:blank")
        assert len(await eventually(lambda: recorded(redis))) == 2


async def test_without_sendbeacon_it_fetches(hosted: Hosted, redis: Redis) -> None:
    async with hosted(before="navigator.sendBeacon = () => false"):
        assert len(await eventually(lambda: recorded(redis))) == 2


@pytest.mark.parametrize("wish", ["globalPrivacyControl", "doNotTrack"])
async def test_who_does_not_want_to_be_tracked_is_not(
    hosted: Hosted, redis: Redis, wish: str
) -> None:
    said = f"Object.defineProperty(navigator, '{wish}', {{value: '1'}})"
    async with hosted(before=said) as page:
        # Leaving sends whatever would be waiting.
        await page.evaluate("dispatchEvent(new Event('pagehide'))")
        assert await page.evaluate("sessionStorage.length") == 0
        await page.evaluate("fetch('/').then(answer => answer.text())")
        assert await recorded(redis) == []


async def test_a_headless_browser_is_a_bot(hosted: Hosted, redis: Redis) -> None:
    async with hosted(user_agent=PERSON.replace("Chrome", "HeadlessChrome")):
        events = await eventually(lambda: recorded(redis))
    assert {event.uncounted_because for event in events} == {"bot: HeadlessChrome"}


@pytest.mark.parametrize(
    ("html", "how"), [(EARLY + TAG, "async"), (EARLY + TAG, "type=module"), (TAG + EARLY, "defer")]
)
async def test_it_may_be_loaded_in_any_way(
    hosted: Hosted, redis: Redis, html: str, how: str
) -> None:
    async with hosted(html, how=how):
        view, like = await eventually(lambda: recorded(redis))
    assert (view.content_id, like.content_id) == ("film-1", "a")


async def test_more_than_a_browser_takes_at_once_goes_in_pieces(
    hosted: Hosted, redis: Redis
) -> None:
    async with hosted() as page:
        sizes: list[int] = []
        page.on("request", lambda request: sizes.append(len(request.post_data_buffer or b"")))
        await page.evaluate(MANY.format(120, 1_500))
        await eventually(lambda: _are_recorded(redis, 122))
    assert len(sizes) >= 7
    assert max(sizes) < 64_000


async def test_what_a_browser_does_not_take_on_leaving_goes_with_the_next_page(
    hosted: Hosted, redis: Redis
) -> None:
    async with hosted(before=NEVER) as page:
        await page.evaluate(MANY.format(45, 1_500))
        url = page.url
        await page.goto("about:blank")
        first = await eventually(lambda: recorded(redis))
        assert 2 < len(first) < 47
        await page.goto(url)
        await page.evaluate(MANY.format(30, 1))  # together fifty or more, which sends them
        await page.evaluate("dispatchEvent(new Event('pagehide'))")
        await eventually(lambda: _are_recorded(redis, 79))
        await eventually(lambda: _nothing_is_stored(page))


@pytest.mark.parametrize("status", [429, 503, None])
async def test_what_is_refused_is_sent_again(
    hosted: Hosted, redis: Redis, status: int | None
) -> None:
    async with hosted(before=NEVER) as page:

        async def refuse(route: Any) -> None:
            if status is None:
                await route.abort()
            else:
                allowed = {"access-control-allow-origin": "*"}
                await route.fulfill(status=status, headers=allowed)

        await page.route("**/analytics/events*", refuse)
        await page.evaluate(MANY.format(48, 1))  # the fiftieth sends them
        await eventually(lambda: _is_stored(page))
        assert await recorded(redis) == []
        await page.unroute("**/analytics/events*")
        await page.goto(page.url)
        await page.evaluate("dispatchEvent(new Event('pagehide'))")
        await eventually(lambda: _are_recorded(redis, 52))


async def test_a_prerendered_page_counts_once_it_is_seen(
    pool: Pool, redis: Redis, api_url: str, tmp_path: Path
) -> None:
    html: list[str] = []
    async with served(html) as origin:
        key = await make_key(pool, kind="public", origins=(origin,))
        await eventually(lambda: is_known(api_url, key, origin))
        html += [PRERENDERING, NEXT.format(key=key, api=api_url, how="")]
        async with alone(origin, tmp_path):
            view, like = await eventually(lambda: recorded(redis), within=30)
    assert (view.content_id, like.content_id) == ("film-1", "prerendering: true")
    assert [view.uncounted_because, like.uncounted_because] == [None, None]


async def test_what_comes_from_a_prerendered_page_all_the_same_does_not_count(
    pool: Pool, redis: Redis, api_url: str
) -> None:
    key = await make_key(pool, kind="public")
    await eventually(lambda: is_known(api_url, key, "null"))
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{api_url}/analytics/view/a?key={key}",
            headers={"sec-purpose": "prefetch;prerender", "user-agent": PERSON},
        )
    assert answer.status_code == 202
    assert [event.uncounted_because for event in await recorded(redis)] == ["prerender"]


async def _nothing_is_stored(page: Any) -> bool:
    return (await page.evaluate("sessionStorage.gsq")) is None


async def _is_stored(page: Any) -> bool:
    await page.evaluate("dispatchEvent(new Event('pagehide'))")
    return not await _nothing_is_stored(page)


async def _are_recorded(redis: Redis, number: int) -> bool:
    return len({event.event_id for event in await recorded(redis)}) == number
