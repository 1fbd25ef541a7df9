"""`GET /analytics/trending`: its parameters, its headers, and both layers that answer it."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import msgspec
import pytest

from app.main import create_app
from app.rankings.hot_path import WINDOWS, ranking_of
from app.rankings.wire import Trending
from app.settings import Settings
from tests.api.conftest import Stage, hot_path_of, problem
from tests.eventually import eventually
from tests.lifespan import client_of
from tests.sql import oracle, oracle_scores
from tests.sql.oracle import Event
from tests.sql.world import AS_OF, World
from tests.together import together

TRENDING = "/analytics/trending"
AGES = [timedelta(0), timedelta(minutes=5), timedelta(hours=3), timedelta(days=2)]
AGES += [timedelta(days=12), timedelta(days=200)]
TYPES = ["view", "view", "view", "like", "unlike", "comment", "share", "watch_time"]


@pytest.fixture
async def router(api: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the same application without the layer in front of its router."""
    transport = httpx.ASGITransport(app=hot_path_of(api).edge)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.fixture
async def crowd(stage: Stage) -> Stage:
    """Twelve items; the later ones have more views, and all of theirs lie in the last hour."""
    await stage.world.only("hot", *map(ranking_of, WINDOWS))
    for number in range(12):
        item = await stage.world.item(f"i{number:02}", category="Music", creator="Ada")
        await stage.world.happened(item, "view", 10 + number)
    hot_path_of(stage.api).snapshots.clock = lambda: AS_OF.timestamp() + 30
    await stage.show()
    return stage


async def test_the_best_ten_of_the_last_day_are_the_default(crowd: Stage) -> None:
    page = await crowd.get(TRENDING)
    assert [item["contentId"] for item in page["items"]] == [f"i{n:02}" for n in range(11, 1, -1)]
    assert page == await crowd.get(TRENDING, window="24h", limit=10)
    cursor, run_id = page.pop("nextCursor"), page.pop("runId")
    assert cursor
    assert run_id > 0
    assert page.pop("items")[0] == {
        "rank": 1,
        "previousRank": None,
        "contentId": "i11",
        "contentType": "video",
        "title": None,
        "category": "Music",
        "creator": "Ada",
        "score": 42.0,
        "isHot": True,
        "views": 21,
        "likes": 0,
        "comments": 0,
        "shares": 0,
        "pinned": False,
        "featured": False,
    }
    assert page == {
        "ranking": "trending_24h",
        "window": "24h",
        "segment": None,
        "asOf": "2026-03-15T12:00:00Z",
        "stale": False,
    }


@pytest.mark.parametrize("window", WINDOWS)
async def test_every_window_has_its_own_list(crowd: Stage, window: str) -> None:
    page = await crowd.get(TRENDING, window=window, limit=3)
    assert (page["ranking"], page["window"]) == (f"trending_{window}", window)
    assert [item["rank"] for item in page["items"]] == [1, 2, 3]


async def test_the_order_is_that_of_a_plain_recount(stage: Stage) -> None:
    world, rng = stage.world, random.Random(7)  # noqa: S311
    for number in range(40):
        await world.item(f"i{number:02}")
    await world.insert([_any_event(rng) for _ in range(600)])
    await stage.show()
    recount = oracle_scores.World(world.items, world.events, AS_OF)
    for window in WINDOWS:
        (ranking,) = await world.settings(f"trending_{window}")
        expected = [
            f"i{int(key) - 1:02}" for key, _ in oracle_scores.in_order(recount.scores(ranking))
        ]
        page = await stage.get(TRENDING, window=window, limit=100)
        assert [item["contentId"] for item in page["items"]] == expected
        counted = oracle.window_counts(world.events, window, AS_OF)
        for item in page["items"]:
            sums = counted[int(item["contentId"][1:]) + 1].shown()
            found = tuple(item[name] for name in ("views", "likes", "comments", "shares"))
            assert found == sums[:4]


def _any_event(rng: random.Random) -> Event:
    # No two moments are the same: equal scores would come down to the last bit of a float.
    at = AS_OF - rng.choice(AGES) - timedelta(seconds=rng.random() * 60)
    return Event(
        item=rng.randint(1, 40),
        type=rng.choice(TYPES),
        occurred_at=at,
        received_at=at,
        count=rng.randint(1, 9),
        seconds=rng.random() * 300,
    )


@together(
    ("query", "name"),
    [
        ("window=2h", "window"),
        ("window=24H", "window"),
        ("window=", "window"),
        ("window=24h%00", "window"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=%2010", "limit"),
        ("limit=%EF%BC%91", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("category=", "category"),
        ("category=%00", "category"),
        ("contentType=", "contentType"),
        ("contentType=" + "x" * 201, "contentType"),
        ("cursor=", "cursor"),
        ("cursor=nonsense", "cursor"),
    ],
)
async def test_a_wrong_parameter_is_named(api: httpx.AsyncClient, query: str, name: str) -> None:
    answer = await api.get(f"{TRENDING}?{query}")
    assert (await problem(answer, 400, "bad-request")).startswith(f"{name}:")
    assert answer.headers["cache-control"] == "no-store"


async def test_the_tag_of_a_snapshot_answers_with_304(crowd: Stage) -> None:
    first = await crowd.api.get(TRENDING)
    assert first.headers["cache-control"] == "public, max-age=5"
    assert first.headers["etag"].startswith("W/"), "it came compressed"
    etag = first.headers["etag"].removeprefix("W/")
    for known in (etag, f"W/{etag}", f'"another", {etag}', "*"):
        again = await crowd.api.get(TRENDING, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert (again.headers["etag"], again.headers["cache-control"]) == (
            etag,
            first.headers["cache-control"],
        )
    changed = await crowd.api.get(TRENDING, headers={"if-none-match": '"another"'})
    assert (changed.status_code, changed.content) == (200, first.content)


async def test_every_answer_has_a_tag_of_its_own(crowd: Stage) -> None:
    answers = [
        await crowd.api.get(f"{TRENDING}?window={window}&limit={limit}")
        for window in WINDOWS
        for limit in (3, 4)
    ]
    assert len({answer.headers["etag"] for answer in answers}) == len(answers)
    await crowd.world.happened(1, "view", 1_000)
    await crowd.show(AS_OF + timedelta(minutes=1))
    moved = await crowd.api.get(
        f"{TRENDING}?window=1h&limit=3", headers={"if-none-match": answers[0].headers["etag"]}
    )
    assert moved.json()["items"][0]["contentId"] == "i00"


@pytest.mark.parametrize("query", ["", "?limit=3", "?window=7d", "?window=all&limit=100"])
async def test_both_layers_give_the_same_bytes_and_headers(
    crowd: Stage, router: httpx.AsyncClient, query: str
) -> None:
    hot_path = hot_path_of(crowd.api)
    served = hot_path.served.count
    for method in ("GET", "HEAD"):
        ours = await crowd.api.request(method, TRENDING + query)
        theirs = await router.request(method, TRENDING + query)
        known = {"if-none-match": ours.headers["etag"]}
        ours_304 = await crowd.api.request(method, TRENDING + query, headers=known)
        theirs_304 = await router.request(method, TRENDING + query, headers=known)
        for one, other in ((ours, theirs), (ours_304, theirs_304)):
            assert (one.status_code, one.content) == (other.status_code, other.content)
            assert dict(one.headers) == dict(other.headers)
        assert (ours.status_code, ours_304.status_code) == (200, 304)
        assert bool(ours.content) == (method == "GET")
        assert int(ours.headers["content-length"]) > 100
    assert hot_path.served.count == served + 4


async def test_odd_spellings_get_the_same_answer_from_the_router(crowd: Stage) -> None:
    plain = await crowd.api.get(f"{TRENDING}?window=24h&limit=10")
    served = hot_path_of(crowd.api).served.count
    for query in ("window=24%68", "limit=10&window=24h&", "limit=1%30&window=24h"):
        answer = await crowd.api.get(f"{TRENDING}?{query}")
        assert (answer.status_code, answer.content) == (200, plain.content)
    assert hot_path_of(crowd.api).served.count == served


async def test_other_methods_are_refused_as_a_problem(api: httpx.AsyncClient) -> None:
    await problem(await api.post(TRENDING), 405, "method-not-allowed")


@pytest.mark.usefixtures("clean")
async def test_before_the_first_run_the_list_is_empty(api: httpx.AsyncClient) -> None:
    async def answered() -> httpx.Response | None:
        answer = await api.get(TRENDING)
        return answer if answer.status_code == 200 else None

    answer = await eventually(answered)
    assert answer is not None
    page = msgspec.json.decode(answer.content, type=Trending)
    assert (page.items, page.run_id, page.as_of, page.stale) == ([], None, None, True)
    assert answer.headers["cache-control"] == "public, no-cache"
    assert "etag" not in answer.headers


async def test_a_list_is_stale_while_the_scoring_job_stands_still(crowd: Stage) -> None:
    fresh = await crowd.api.get(TRENDING)
    assert not fresh.json()["stale"]
    hot_path_of(crowd.api).snapshots.clock = lambda: AS_OF.timestamp() + 200

    stale = await crowd.api.get(TRENDING, headers={"if-none-match": fresh.headers["etag"]})
    assert (stale.status_code, stale.json()) == (200, {**fresh.json(), "stale": True})
    assert stale.headers["etag"] != fresh.headers["etag"]

    now = AS_OF + timedelta(minutes=3)
    await crowd.world.run(now, forced=True)
    await crowd.publisher.publish()

    async def is_fresh() -> bool:
        # The same run, and known to hold for longer.
        expected = {**fresh.json(), "asOf": now.isoformat().replace("+00:00", "Z")}
        return bool((await crowd.api.get(TRENDING)).json() == expected)

    await eventually(is_fresh)


async def test_a_new_title_is_shown_within_a_minute_under_another_tag(crowd: Stage) -> None:
    """The run stays: nothing but the catalogue has changed."""
    before = await crowd.api.get(TRENDING)
    first = before.json()["items"][0]
    await crowd.world.execute(
        "update core.item set title = 'New', category = 'new', creator = 'new' "
        "where external_id = %s",
        first["contentId"],
    )
    crowd.publisher.clock = lambda: time.monotonic() + 60
    await crowd.publisher.publish()

    async def is_shown() -> bool:
        answer = await crowd.api.get(TRENDING, headers={"if-none-match": before.headers["etag"]})
        return answer.status_code == 200

    await eventually(is_shown)
    after = (await crowd.api.get(TRENDING)).json()
    assert after["runId"] == before.json()["runId"]
    shown = {"title": "New", "category": "new", "creator": "new"}
    assert after["items"][0] == {**first, **shown}
    assert await crowd.publisher.publish() == 0


async def test_with_keys_for_everything_the_router_decides(
    world: World, settings: Settings
) -> None:
    await world.run(forced=True)
    app = create_app(msgspec.structs.replace(settings, require_keys="all"))
    async with client_of(app) as client:

        async def loaded() -> bool:
            return app.snapshots.known

        await eventually(loaded)
        await client.get(TRENDING)
    assert app.served.count == 0
