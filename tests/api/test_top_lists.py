"""`GET /analytics/top/{list}`: C4, C7."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import redis.asyncio

from app.rankings.lists import Lists
from app.rankings.publisher import Publisher
from app.rankings.snapshots import Snapshots
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from app.top import keys
from app.top.members import item_member
from app.top.pages import TopPages, Wanted
from app.top.publisher import TopPublisher
from tests.api.conftest import Stage, problem
from tests.engines import Engine
from tests.eventually import eventually
from tests.serving import api_of
from tests.sql.oracle import Event
from tests.sql.world import World
from tests.together import together

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def now() -> None:
    """Begin each test now: three minutes after the file was read, its lists would be stale."""
    global NOW  # noqa: PLW0603
    NOW = datetime.now(UTC)


HOUR = timedelta(hours=1)


@pytest.fixture
async def shown(stage: Stage) -> Stage:
    """Three items of two creators, published."""
    world = stage.world
    await world.only("top_viewed", "top_liked", "top_creators", "top_viewed_month")
    for name, creator, views, likes in (("a", "x", 5, 1), ("b", "y", 7, 2), ("c", "x", 7, 2)):
        item = await world.item(name, category="ape", creator=creator)
        await happened(world, item, "view", views)
        await happened(world, item, "like", likes)
    await world.execute("update core.item set title = upper(external_id)")
    await stage.show(NOW)
    return stage


async def happened(world: World, item: int, type_: str, count: int) -> None:
    await world.insert(
        [Event(item=item, type=type_, occurred_at=NOW, received_at=NOW, count=count)]
    )


async def test_a_list_of_items_has_counts_and_titles(shown: Stage) -> None:
    """b and c are equal: the one that was registered first comes first."""
    page = await shown.get("/analytics/top/viewed", limit=2)

    as_of, since = page.pop("asOf"), page.pop("since")
    assert NOW <= datetime.fromisoformat(as_of) <= datetime.now(UTC)
    assert datetime.fromisoformat(since) == NOW - 7 * 24 * HOUR
    item = {"contentType": "video", "category": "ape", "pinned": False, "featured": False}
    assert page == {
        "list": "viewed",
        "period": "7d",
        "ranking": "top_viewed",
        "stale": False,
        "total": 3,
        "items": [
            {"rank": 1, "contentId": "b", "title": "B", "creator": "y", "count": 7, **item},
            {"rank": 2, "contentId": "c", "title": "C", "creator": "x", "count": 7, **item},
        ],
    }


async def test_the_next_page_goes_on_by_rank(shown: Stage) -> None:
    page = await shown.get("/analytics/top/viewed", offset=2, limit=2)
    assert [(item["rank"], item["contentId"]) for item in page["items"]] == [(3, "a")]
    assert (await shown.get("/analytics/top/viewed", offset=3))["items"] == []


async def test_creators_are_ranked_by_likes(shown: Stage) -> None:
    page = await shown.get("/analytics/top/creators")
    nothing = {"category": None, "creator": None, "pinned": False, "featured": False}
    assert page["items"] == [
        {"rank": 1, "contentId": "x", "contentType": "creator", "title": "x", "count": 3} | nothing,
        {"rank": 2, "contentId": "y", "contentType": "creator", "title": "y", "count": 2} | nothing,
    ]


async def test_a_month_begins_with_its_first_moment(shown: Stage) -> None:
    page = await shown.get("/analytics/top/viewed", period="month")
    first = NOW.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert (page["ranking"], page["stale"]) == ("top_viewed_month", False)
    assert datetime.fromisoformat(page["since"]) == first


async def test_a_list_of_a_dba_is_read_too(shown: Stage) -> None:
    await shown.world.execute(
        """
        insert into core.ranking (name, formula, "window", subject, options)
        values ('top_watched_today', 'top_count', 'today', 'category',
            '{"metric": "watch_seconds"}')
        """
    )
    now = datetime.now(UTC)
    await shown.world.insert(
        [Event(item=1, type="watch_time", occurred_at=now, received_at=now, seconds=2.5)]
    )
    await shown.show(now)
    page = await shown.get("/analytics/top/watched", period="today")
    (item,) = page["items"]
    assert (item["contentId"], item["contentType"], item["count"]) == ("ape", "category", 2.5)


@pytest.mark.parametrize(
    "path",
    [
        "/analytics/top/shared",
        "/analytics/top/commented",
        "/analytics/top/viewed?period=today",
        "/analytics/top/hot",
    ],
)
async def test_what_is_no_top_list_is_not_found(shown: Stage, path: str) -> None:
    await shown.world.execute(
        """
        insert into core.ranking (name, formula, "window") values ('top_hot', 'minmax_hot', '7d')
        """
    )
    await shown.show(NOW + HOUR)
    detail = await problem(await shown.api.get(path), 404, "unknown-ranking")
    assert detail.startswith("there is no top list '")


@together(
    ("query", "detail"),
    [
        ("period=24h", "period: '24h' is none of 7d, today, week, month"),
        ("offset=-1", "offset: '-1' is no whole number from 0 to 999"),
        ("offset=1000", "offset: '1000' is no whole number from 0 to 999"),
        ("offset=", "offset: '' is no whole number from 0 to 999"),
        ("limit=0", "limit: '0' is no whole number from 1 to 100"),
        ("limit=101", "limit: '101' is no whole number from 1 to 100"),
        ("limit=x", "limit: 'x' is no whole number from 1 to 100"),
    ],
)
async def test_a_wrong_parameter_is_named(api: httpx.AsyncClient, query: str, detail: str) -> None:
    answer = await api.get(f"/analytics/top/viewed?{query}")
    assert await problem(answer, 400, "bad-request") == detail


async def test_before_the_first_run_a_list_is_empty(world: World, api: httpx.AsyncClient) -> None:
    await world.only("top_viewed")
    page = (await api.get("/analytics/top/viewed")).json()
    assert (page["items"], page["asOf"], page["total"]) == ([], None, 0)


async def test_a_list_lives_as_long_as_its_ranking_says(
    shown: Stage, redis: redis.asyncio.Redis
) -> None:
    """And goes with it; a list that Redis lost comes back."""
    await shown.world.execute("update core.ranking set redis_ttl = '10 minutes'")
    await shown.show(NOW + HOUR)
    for key in (keys.top_list("top_viewed"), keys.top_head("top_viewed")):
        assert 0 < await redis.ttl(key) <= 600
    await redis.delete(keys.top_list("top_viewed"), keys.top_head("top_viewed"))
    await shown.publisher.publish()
    assert await redis.zcard(keys.top_list("top_viewed")) == 3

    await shown.world.execute("update core.ranking set enabled = name <> 'top_viewed'")
    await shown.publisher.publish()

    assert await redis.exists(keys.top_list("top_viewed"), keys.top_head("top_viewed")) == 0
    assert await redis.hkeys(keys.TOP_VERSIONS)


async def test_a_tag_says_when_nothing_has_changed(shown: Stage) -> None:
    first = await shown.api.get("/analytics/top/viewed")
    again = await shown.api.get(
        "/analytics/top/viewed", headers={"if-none-match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.usefixtures("shown")
async def test_when_the_period_is_over_the_list_is_stale(
    settings: Settings, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    snapshots = Snapshots(max_age=5, clock=NOW.timestamp)
    lists = Lists(settings=settings, pool=pool, redis=redis, snapshots=snapshots)
    wanted = Wanted(name="viewed", period="month", offset=0, limit=10)
    found = []
    for days in (0, 32):
        clock = (NOW + timedelta(days=days)).timestamp
        pages = TopPages(settings=settings, pool=pool, redis=redis, lists=lists, clock=clock)
        found.append(await pages.live(wanted))
    assert [page is not None and page.stale for page in found] == [False, True]


async def test_either_may_be_down_but_not_both(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    """What is missing then is the live counts: those of the last run are shown, marked stale."""
    engine = await own_engine()
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        database_timeout=2.0,
        redis_timeout=0.5,
        pool_size=3,
    )
    async with api_of(own) as api, open_pool(own) as pool, open_redis(own) as client:
        await pool.wait()
        async with pool.connection() as connection:
            world = World(connection)
            await world.only("top_viewed")
            await happened(world, await world.item("a"), "view", 3)
            await world.run(NOW)
        top = TopPublisher(pool=pool, redis=client)
        publisher = Publisher(settings=own, pool=pool, redis=client, then=top.publish)
        await publisher.publish()
        await client.zincrby(keys.top_list("top_viewed"), 1, item_member(1))

        async def counts(count: int, *, stale: bool) -> bool:
            page = (await api.get("/analytics/top/viewed")).json()
            shown = [(item["contentId"], item["count"]) for item in page["items"]]
            return (shown, page["stale"]) == ([("a", count)], stale)

        await eventually(lambda: counts(4, stale=False))
        await engine.kill_redis()
        await eventually(lambda: counts(3, stale=True))
        await engine.start_redis()
        await client.flushall()
        await publisher.publish()
        await eventually(lambda: counts(3, stale=False))
        await engine.kill_database()
        await eventually(lambda: counts(3, stale=True))
        await problem(await api.get("/analytics/top/liked"), 503, "unavailable")
        await engine.kill_redis()
        await eventually(lambda: counts(3, stale=True))
        neither = await api.get("/analytics/top/viewed?period=month")
        await problem(neither, 503, "unavailable")
        assert int(neither.headers["retry-after"]) >= 1
        await engine.start_redis()
        await engine.start_database()
