"""Stale means that scoring stands still: neither that nothing happens, nor a slow schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.rankings import keys
from tests.api.conftest import Stage
from tests.eventually import eventually
from tests.sql.oracle import Event

MINUTE = timedelta(minutes=1)
YEARLY = "0 0 1 1 *"


@pytest.fixture
async def scored(stage: Stage) -> Stage:
    """One item, in a list of every minute and one of once a year, both ten minutes old."""
    world = stage.world
    await world.only("trending_24h", "top_viewed")
    await world.execute("update core.ranking set schedule = %s where name = 'top_viewed'", YEARLY)
    item = await world.item("a")
    then = datetime.now(UTC) - 10 * MINUTE
    await world.insert([Event(item=item, type="view", occurred_at=then, received_at=then)])
    await stage.show(then)
    return stage


async def is_stale(stage: Stage, ranking: str) -> bool:
    page = await stage.get(f"/analytics/rankings/{ranking}")
    assert page["items"]
    if ranking == "trending_24h":
        plain = await stage.get("/analytics/trending")
        assert plain["stale"] == page["stale"]
    stale: bool = page["stale"]
    return stale


async def becomes(stage: Stage, ranking: str, *, stale: bool) -> None:
    await stage.publisher.publish()

    async def reached() -> bool:
        return await is_stale(stage, ranking) is stale

    await eventually(reached)


async def test_a_list_of_every_minute_is_stale_when_it_is_not_renewed(scored: Stage) -> None:
    # The job ran just now, for a moment long ago: this ranking has been due since.
    assert await is_stale(scored, "trending_24h") is True


async def test_a_list_that_is_not_due_yet_is_fresh(scored: Stage) -> None:
    assert await is_stale(scored, "top_viewed") is False


async def test_an_idle_system_is_fresh(scored: Stage) -> None:
    run_id = (await scored.get("/analytics/trending"))["runId"]
    await scored.world.run(datetime.now(UTC))
    await becomes(scored, "trending_24h", stale=False)
    assert (await scored.get("/analytics/trending"))["runId"] == run_id


async def test_a_stopped_job_makes_every_list_stale(scored: Stage) -> None:
    await scored.world.execute(
        "update core.job_run set started_at = started_at - interval '5 minutes', "
        "finished_at = finished_at - interval '5 minutes'"
    )
    await becomes(scored, "top_viewed", stale=True)


async def test_a_past_list_is_never_stale(scored: Stage) -> None:
    now = datetime.now(UTC).isoformat()
    page = await scored.get("/analytics/rankings/trending_24h", asOf=now)
    assert (page["stale"], len(page["items"])) == (False, 1)


async def test_the_answer_and_its_tag_say_so(scored: Stage) -> None:
    stale = await scored.api.get("/analytics/trending")
    assert stale.json()["stale"]
    await scored.world.run(datetime.now(UTC))
    await becomes(scored, "trending_24h", stale=False)
    fresh = await scored.api.get(
        "/analytics/trending", headers={"if-none-match": stale.headers["etag"]}
    )
    assert fresh.status_code == 200


async def test_redis_keeps_a_list_as_long_as_the_ranking_says(scored: Stage) -> None:
    await scored.world.execute(
        "update core.ranking set redis_ttl = '1 hour' where name = 'trending_24h'"
    )
    await scored.show(datetime.now(UTC))
    run_id = (await scored.get("/analytics/trending"))["runId"]
    left = await scored.publisher.redis.ttl(keys.trending_snapshot("trending_24h", run_id))
    assert 3_500 < left <= 3_600


async def test_an_old_layout_in_redis_is_replaced_from_the_database(scored: Stage) -> None:
    run_id = (await scored.get("/analytics/trending"))["runId"]
    key = keys.trending_snapshot("trending_24h", run_id)
    await scored.publisher.redis.delete(key)
    await scored.publisher.redis.set(key, b"a blob of another version")
    page = await scored.get("/analytics/trending", contentType="video")
    assert [item["contentId"] for item in page["items"]] == ["a"]
