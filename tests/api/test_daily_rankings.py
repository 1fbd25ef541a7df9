"""The daily rankings as they are served: listed, paged, explained, in Redis for a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis.asyncio
from structlog.testing import capture_logs

from app.rankings import keys
from tests.api.conftest import Stage
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
