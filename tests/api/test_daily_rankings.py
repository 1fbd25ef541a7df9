"""The daily rankings as they are served: listed, paged, explained, in Redis for a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import redis.asyncio
from structlog.testing import capture_logs

from app.rankings import keys
from tests.api.conftest import ADMIN, Stage
from tests.eventually import eventually
from tests.sql.world import AS_OF

DAILY = ["hot_anime", "hot_movie", "hot_tv", "score_anime", "score_movie", "score_tv", "top_100"]


@pytest.fixture
async def films(stage: Stage) -> Stage:
    """Three films: b is rated best, c is seen most; and a series that nobody rated."""
    world = stage.world
    rated: list[tuple[str, str, dict[str, Any], int]] = [
        ("a", "movie", {"rating": 6, "ratingCount": 500}, 1),
        ("b", "movie", {"rating": 8.5, "ratingCount": 400}, 2),
        ("c", "movie", {"rating": "none yet"}, 30),
        ("d", "tv", {}, 5),
        # Of another type, however well it is rated and however often it is seen.
        ("e", "video", {"rating": 10, "ratingCount": 9_000}, 900),
    ]
    for name, content_type, attributes, views in rated:
        item = await world.item(name, content_type=content_type, attributes=attributes)
        await world.happened(item, "view", views)
    await stage.show()
    return stage


async def test_they_are_listed_and_served(films: Stage) -> None:
    listed = (await films.get("/analytics/rankings"))["rankings"]
    daily = {one["name"]: one for one in listed if one["schedule"] == "0 2 * * *"}
    assert sorted(daily) == DAILY
    assert daily["score_tv"]["contentType"] == "tv"
    assert daily["top_100"]["size"] == 100
    assert all(one["runId"] for one in daily.values())

    assert await films.ids("/analytics/rankings/score_movie") == ["b", "a", "c"]
    assert await films.ids("/analytics/rankings/hot_movie") == ["c", "b", "a"]
    assert await films.ids("/analytics/rankings/hot_tv") == ["d"]
    assert await films.ids("/analytics/rankings/score_anime") == []
    assert await films.ids("/analytics/rankings/top_100") == ["b", "a", "c", "d"]
    page = await films.get("/analytics/rankings/top_100", limit=1)
    assert await films.ids("/analytics/rankings/top_100", cursor=page["nextCursor"]) == [
        "a", "c", "d",
    ]  # fmt: skip


async def test_a_refresh_without_news_renews_all_of_them(
    films: Stage, admin_api: httpx.AsyncClient, redis: redis.asyncio.Redis
) -> None:
    """The 24 hours in Redis and `asOf`, of empty lists, too, though no run is new."""
    before = dict(await films.world.rows("select ranking, run_id from api.latest_run"))
    for name in DAILY:
        await redis.expire(keys.trending_snapshot(name, before[name]), 3_600)
    began = datetime.now(UTC)
    answer = await admin_api.post("/admin/rankings/refresh?group=daily", headers=ADMIN)
    assert answer.status_code == 200, answer.text
    refreshed = {one["ranking"]: one for one in answer.json()["rankings"]}
    assert sorted(refreshed) == DAILY
    await films.publisher.publish()
    for name in DAILY:
        run_id = refreshed[name]["runId"]
        assert 86_000 < await redis.ttl(keys.trending_snapshot(name, run_id)) <= 86_400, name

    async def renewed() -> bool:
        pages = [await films.get(f"/analytics/rankings/{name}") for name in DAILY]
        return all(datetime.fromisoformat(page["asOf"]) >= began for page in pages)

    await eventually(renewed)
    # Lists by rating know no window: nothing at all is new of them.
    same = [name for name in DAILY if refreshed[name]["runId"] == before[name]]
    assert {"score_movie", "score_tv", "score_anime", "top_100"} <= set(same)


async def test_a_score_is_explained(films: Stage) -> None:
    found = await films.get("/analytics/rankings/score_movie/items/b", contentType="movie")
    parts = {part["component"]: part["points"] for part in found["components"]}
    assert parts == {
        "rating": 0.85, "ratings": 400, "mean": pytest.approx(0.725), "likes": 0, "views": 0,
    }  # fmt: skip
    assert found["score"] == pytest.approx((400 * 0.85 + 50 * 0.725) / 450)
    assert found["rank"] == 1


async def test_they_stay_in_redis_for_a_day_and_are_overwritten_whole(
    films: Stage, redis: redis.asyncio.Redis
) -> None:
    before = await films.world.value(
        "select run_id from api.latest_run where ranking = 'score_movie'"
    )
    assert 86_000 < await redis.ttl(keys.trending_snapshot("score_movie", before)) <= 86_400
    await films.world.execute("""update core.item set attributes = '{"rating": 1}'""")
    with capture_logs() as logs:
        await films.show(AS_OF + timedelta(days=1))
    now = await films.world.value("select run_id from api.latest_run where ranking = 'score_movie'")
    assert now > before
    assert await redis.hget(keys.TRENDING_CURRENT, "score_movie") == b"%d" % now
    assert await films.ids("/analytics/rankings/score_movie") == ["a", "b", "c"]
    assert {
        "event": "published", "log_level": "info", "ranking": "score_movie", "run_id": now,
        "items": 3,
    } in logs  # fmt: skip
