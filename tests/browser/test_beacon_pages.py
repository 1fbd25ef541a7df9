"""`/beacon.js` on pages that change without a load, are watched, clicked, and gone back to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from app.ingest.packing import EVENT_TYPES
from app.runtime.pool import Pool
from tests.browser.host import TAG, Hosted, alone, is_known, recorded, served
from tests.eventually import eventually
from tests.serving import make_key

pytestmark = pytest.mark.usefixtures("clean")


def tag(attributes: str) -> str:
    return (
        '<!doctype html><title>A page</title><script src="{api}/beacon.js" data-key="{key}" '
        + attributes
        + "></script><body>"
    )


BACK = """<script>
addEventListener('pageshow', (event) => {
    if (event.persisted) groundswell('like', 'kept: true')
    else setTimeout(() => { location.href = '/next' }, 1500)
})
</script>"""
PASS = """
let at = 1000
let beat = () => {}
performance.now = () => at
window.setInterval = (listener) => { beat = listener }
function pass(seconds) {
    for (; seconds > 0; seconds--) {
        at += 1000
        beat()
    }
}
window.pass = pass
"""
LEAVE = "dispatchEvent(new Event('pagehide'))"
GO = "async (steps) => { for (const step of steps) { await 0; eval(step); await null } }"
HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true})
    document.dispatchEvent(new Event('visibilitychange'))
}"""
SOUND = """(id) => {
    // Half a minute of silence, which is sound enough to be played.
    const bytes = new Uint8Array(44 + 240_000).fill(128), view = new DataView(bytes.buffer)
    'RIFF....WAVEfmt '.split('').forEach((c, i) => { bytes[i] = c.charCodeAt(0) })
    view.setUint32(4, 36 + 240_000, true)
    view.setUint32(16, 16, true)
    view.setUint16(20, 1, true)
    view.setUint16(22, 1, true)
    view.setUint32(24, 8_000, true)
    view.setUint32(28, 8_000, true)
    view.setUint16(32, 1, true)
    view.setUint16(34, 8, true)
    'data'.split('').forEach((c, i) => { bytes[36 + i] = c.charCodeAt(0) })
    view.setUint32(40, 240_000, true)
    const sound = document.createElement('audio')
    sound.src = URL.createObjectURL(new Blob([bytes], {type: 'audio/wav'}))
    sound.loop = true
    sound.dataset.contentId = id
    sound.dataset.contentType = 'song'
    document.body.append(sound)
    return sound.play()
}"""


async def told(redis: Redis, page: Any = None) -> list[tuple[str, str, str]]:
    """Return type, item's type and item of what was recorded; of a page, with what waits there."""
    if page is not None:
        await page.evaluate(LEAVE)
    once = {one.event_id: one for one in await recorded(redis)}.values()
    return [(EVENT_TYPES[one.type], one.content_type, one.content_id) for one in once]


async def test_each_item_that_the_address_comes_to_name_is_viewed(
    hosted: Hosted, redis: Redis
) -> None:
    html = tag(
        'data-items="/films/{{id}} /{{type}}/by/{{id}}/ /blog/{{path}}" data-content-type=film'
    )
    async with hosted(html) as page:
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        steps = [
            "history.pushState({a: 1}, '', new URL('/films/1?from=home', location.href))",
            # What routers do: the same once more, a place to scroll to, a tab of the same item.
            "history.replaceState({scroll: 1}, '')",
            "history.pushState(null, '', '/films/1?tab=cast#top')",
            "history.replaceState(null, '', '/films/caf%C3%A9')",
            "history.pushState(null, '', '/about')",
            "history.pushState(null, '', '/song/by/7')",
            "history.pushState(null, '', '/films/50%')",
            "history.pushState(null, '', '/blog/2026/hello/')",
            # Pushed and replaced at once, by a guard: nobody saw the first.
            "history.pushState(null, '', '/films/0'); history.replaceState(null, '', '/films/2')",
        ]
        await page.evaluate(GO, steps)
        assert await page.evaluate("history.state") is None
        await page.evaluate("history.back()")
        await page.wait_for_url("**/blog/2026/hello/")
        found = await eventually(lambda: told_of(redis, page, 7))
        assert faults == []
    assert found == [
        ("view", "film", "1"),
        ("view", "film", "café"),
        ("view", "song", "7"),
        ("view", "film", "50%"),
        ("view", "film", "2026/hello"),
        ("view", "film", "2"),
        ("view", "film", "2026/hello"),
    ]


async def test_routes_behind_a_hash_are_pages_where_the_page_says_so(
    hosted: Hosted, redis: Redis
) -> None:
    async with hosted(tag('data-items="/films/{{id}}" data-hash')) as page:
        for hash_ in ("/films/1", "!/films/2?tab=cast", "somewhere"):
            await page.evaluate("(to) => { location.hash = to }", hash_)
        await page.evaluate("1")
        found = await eventually(lambda: told_of(redis, page, 2))
    assert found == [("view", "video", "1"), ("view", "video", "2")]


async def test_a_history_that_may_not_be_changed_breaks_no_page(
    hosted: Hosted, redis: Redis
) -> None:
    fixed = """for (const name of ['pushState', 'replaceState'])
        Object.defineProperty(history, name, {value: history[name].bind(history)})"""
    async with hosted(tag('data-items="/films/{{id}}"'), before=fixed) as page:
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        await page.evaluate("history.pushState(null, '', '/films/1')")
        await page.evaluate("groundswell('page', '1')")
        assert await eventually(lambda: told_of(redis, page, 1)) == [("view", "video", "1")]
        assert faults == []


async def test_the_script_run_again_is_no_second_beacon(hosted: Hosted, redis: Redis) -> None:
    again = "<script>groundswell('share', 'b')</script>"
    other = TAG.replace("film-1", "film-2")
    async with hosted(f"<!doctype html><title>A page</title>{TAG}{TAG}{other}{again}") as page:
        found = await eventually(lambda: told_of(redis, page, 3))
    assert found == [
        ("view", "film", "film-1"),
        ("view", "film", "film-2"),
        ("share", "video", "b"),
    ]


async def test_clicks_are_recorded_where_an_attribute_says_so(hosted: Hosted, redis: Redis) -> None:
    html = (
        tag('data-content-id="film-1" data-content-type="film" data-user-id="u"')
        + """<button data-groundswell-like onclick="this.dataset.groundswellUnlike = '';
            delete this.dataset.groundswellLike">Like</button>
        <button data-groundswell-share="song-1" data-content-type="song"><b>Share</b></button>
        <button id="plain">Nothing</button><div id="made"></div>"""
    )
    async with hosted(html) as page:
        await page.evaluate(
            """() => {
                made.attachShadow({mode: 'open'}).innerHTML =
                    '<button data-groundswell-comment="c">Comment</button>'
            }"""
        )
        await page.get_by_text("Like").click()
        await page.get_by_text("Like").focus()
        await page.keyboard.press("Enter")
        await page.get_by_text("Share").click()
        await page.get_by_text("Share").click(button="middle")
        await page.get_by_text("Share").click(button="right")
        await page.locator("#plain").click()
        await page.get_by_text("Comment").click()
        found = await eventually(lambda: told_of(redis, page, 6))
        users = {one.user_id for one in await recorded(redis)}
    assert found == [
        ("view", "film", "film-1"),
        ("like", "film", "film-1"),
        ("unlike", "film", "film-1"),
        ("share", "song", "song-1"),
        ("share", "song", "song-1"),
        ("comment", "video", "c"),
    ]
    assert users == {"u"}


async def test_time_is_watched_while_the_page_is_seen(hosted: Hosted, redis: Redis) -> None:
    async with hosted(tag('data-items="/{{id}}" data-watch="visible"'), before=PASS) as page:
        await page.evaluate("pass(30)")  # nothing that anybody could have watched
        await page.evaluate(GO, ["history.pushState(null, '', '/film-1')"])
        await page.evaluate("pass(16)")
        await page.evaluate(HIDE, arg=True)
        await page.evaluate("pass(600)")
        await page.evaluate(HIDE, arg=False)
        await page.evaluate("pass(4)")
        await page.evaluate(GO, ["history.pushState(null, '', '/film-2')"])
        # Nobody has moved for longer than somebody reads; then somebody does.
        await page.evaluate("pass(900)")
        await page.mouse.move(10, 10)
        await page.evaluate("pass(2)")
        await page.evaluate(LEAVE)
        await eventually(lambda: _spent(redis, {"film-1": 20.0, "film-2": 301.0}))
    beats = [one.seconds for one in await recorded(redis) if one.seconds]
    assert max(beats) <= 16, "told while it goes on"


async def test_sound_is_watched_while_it_plays(hosted: Hosted, redis: Redis) -> None:
    html = tag('data-content-id="film-1" data-watch="media" data-heartbeat="10"')
    async with hosted(html, before=PASS) as page:
        await page.mouse.click(5, 5)  # what browsers ask for before a page may be heard
        await page.evaluate("pass(60)")
        await page.evaluate(SOUND, "song-1")
        await page.evaluate("pass(25)")
        await page.evaluate(HIDE, arg=True)
        await page.evaluate("pass(5)")  # still heard
        await page.evaluate("document.querySelector('audio').muted = true; pass(5)")
        await page.evaluate(HIDE, arg=False)
        await page.evaluate("document.querySelector('audio').pause(); pass(60)")
        await page.evaluate(LEAVE)
        await eventually(lambda: _spent(redis, {"song-1": 30.0}))
    kinds = {(EVENT_TYPES[one.type], one.content_type) for one in await recorded(redis)}
    assert kinds == {("view", "video"), ("watch_time", "song")}


@pytest.mark.parametrize(
    ("respect", "wish", "is_heard"),
    [
        ("none", "globalPrivacyControl", False),
        ("none", "doNotTrack", False),
        ("gpc", "doNotTrack", False),
        ("gpc", "globalPrivacyControl", True),
        ("dnt", "doNotTrack", True),
    ],
)
async def test_a_page_says_which_wishes_it_follows(
    hosted: Hosted, redis: Redis, respect: str, wish: str, *, is_heard: bool
) -> None:
    html = tag(f'data-content-id="a" data-respect="{respect}" data-watch="visible"')
    before = f"Object.defineProperty(navigator, '{wish}', {{value: '1'}});{PASS}"
    async with hosted(html, before=before) as page:
        await page.evaluate("groundswell('like', 'a'); pass(60)")
        if not is_heard:
            await eventually(lambda: told_of(redis, page, 2))
            return
        await page.evaluate(LEAVE)
        assert await page.evaluate("sessionStorage.length") == 0
        await page.evaluate("fetch('/').then(answer => answer.text())")
        assert await recorded(redis) == []


async def test_a_page_that_is_gone_back_to_is_viewed_again(
    pool: Pool, redis: Redis, api_url: str, tmp_path: Path
) -> None:
    html: list[str] = []
    async with served(html) as origin:
        key = await make_key(pool, kind="public", origins=(origin,))
        await eventually(lambda: is_known(api_url, key, origin))
        left = TAG.format(api=api_url, key=key, how="") + BACK
        html += [left, "<!doctype html><script>onload = () => history.back()</script>"]
        async with alone(origin, tmp_path):
            found = await eventually(lambda: told_of(redis, None, 3), within=30)
    view = ("view", "film", "film-1")
    assert found == [view, view, ("like", "video", "kept: true")]


async def told_of(redis: Redis, page: Any, number: int) -> list[tuple[str, str, str]]:
    found = await told(redis, page)
    return found if len(found) >= number else []


async def _spent(redis: Redis, expected: dict[str, float]) -> bool:
    spent: dict[str, float] = {}
    for one in {one.event_id: one for one in await recorded(redis)}.values():
        if one.seconds is not None:
            spent[one.content_id] = spent.get(one.content_id, 0) + one.seconds
    assert spent == expected
    return True
