"""`/health/live`, `/health/ready` and `/metrics`, in good times and in outages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest
import redis.asyncio
from prometheus_client.parser import text_string_to_metric_families
from psycopg.conninfo import make_conninfo

from app.main import create_app
from app.settings import Settings
from tests.api.conftest import Stage
from tests.engines import Engine
from tests.eventually import eventually
from tests.lifespan import client_of
from tests.serving import api_of
from tests.sql.world import AS_OF
from tests.writing import packed, put

LIVE, READY, METRICS = "/health/live", "/health/ready", "/metrics"


@asynccontextmanager
async def api_on(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        database_timeout=1,
        redis_timeout=1,
    )
    async with client_of(create_app(own)) as client:
        yield client


async def metrics_of(api: httpx.AsyncClient) -> dict[str, float]:
    """Return the samples by name and the values of their labels."""
    answer = await api.get(METRICS)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_a_live_process_is_ready_with_both_servers(api: httpx.AsyncClient) -> None:
    live = await api.get(LIVE)
    assert (live.status_code, live.json()) == (200, {"status": "live"})
    ready = await api.get(READY)
    assert ready.status_code == 200
    body = ready.json()
    assert (body["status"], body["degraded"]) == ("ready", [])
    assert body["database"] == body["redis"] == {"up": True, "detail": None}
    assert {live.headers["cache-control"], ready.headers["cache-control"]} == {"no-store"}


async def test_readiness_tells_the_age_of_each_list(stage: Stage) -> None:
    await stage.world.only("trending_24h")
    await stage.world.happened(await stage.world.item("a"))
    await stage.show()
    ages = (await stage.get(READY))["snapshotAges"]
    assert list(ages) == ["trending_24h"]
    assert ages["trending_24h"] > 0


async def test_without_one_server_it_is_degraded_without_both_unready(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    async with api_on(engine) as api:

        async def status(expected: str, *down: str) -> None:
            async def told() -> bool:
                answer = await api.get(READY)
                assert (await api.get(LIVE)).status_code == 200
                body = answer.json()
                assert answer.status_code == (503 if expected == "unready" else 200)
                assert (body["status"], body["degraded"]) == (expected, list(down))
                assert all(not body[name]["up"] and body[name]["detail"] for name in down)
                return True

            await eventually(told, within=20)

        await status("ready")
        await engine.kill_redis()
        await status("degraded", "redis")
        await engine.kill_database()
        await status("unready", "database", "redis")
        await engine.start_redis()
        await status("degraded", "database")
        await engine.start_database()
        await status("ready")


async def test_readiness_says_why_the_database_lets_nobody_in(settings: Settings) -> None:
    wrong = make_conninfo(settings.database_url, user="nobody_at_all")
    async with api_of(msgspec.structs.replace(settings, database_url=wrong)) as api:

        async def told() -> bool:
            database = (await api.get(READY)).json()["database"]
            assert not database["up"]
            return "the role of DATABASE_URL does not exist" in database["detail"]

        await eventually(told)


async def test_without_a_schema_it_is_unready_and_says_what_to_do(
    empty_engine: Engine,
) -> None:
    async with api_on(empty_engine) as api:

        async def told() -> bool:
            # A new engine may take longer for its first answer than readiness waits.
            answer = await api.get(READY)
            assert (answer.status_code, answer.json()["status"]) == (503, "unready")
            return "groundswell migrate" in answer.json()["database"]["detail"]

        await eventually(told, within=20)


async def test_metrics_tell_what_is_served_and_what_waits(
    stage: Stage, redis: redis.asyncio.Redis
) -> None:
    await stage.world.only("trending_24h")
    await stage.world.happened(await stage.world.item("a"))
    await stage.show()
    before = await metrics_of(stage.api)
    for _ in range(3):
        await stage.get("/analytics/trending")
        await stage.get("/analytics/stats/a")
    await put(redis, [packed()])

    after = await metrics_of(stage.api)
    served = "groundswell_trending_from_memory_total"
    assert after[served] - before[served] == 3
    assert after["groundswell_ranking_fresh_timestamp_seconds trending_24h"] >= AS_OF.timestamp()
    assert before["groundswell_stream_entries live 0"] == 0
    assert after["groundswell_stream_entries live 0"] == 1
    assert after["groundswell_stream_bytes live 0"] > before["groundswell_stream_bytes live 0"]
    assert before["groundswell_ingest_lag_seconds live 0"] == 0
    assert 0 <= after["groundswell_ingest_lag_seconds live 0"] < 60
    for source, lookups in (("database", 1), ("cache", 2)):
        name = f"groundswell_stats_lookups_total {source}"
        assert after[name] - before.get(name, 0) == lookups


async def test_metrics_tell_when_each_job_last_ran_and_failed(stage: Stage) -> None:
    await stage.world.only("trending_24h")
    await stage.show()
    name = "run_rankings"
    found = await metrics_of(stage.api)
    assert found[f"groundswell_job_last_success_timestamp_seconds {name}"] > 1.7e9
    assert found[f"groundswell_job_last_failed {name}"] == 0
    await stage.world.execute(
        "insert into core.job_run (job, started_at, finished_at, error) "
        "values (%s, now(), now(), 'broken')",
        name,
    )

    async def told() -> bool:
        return (await metrics_of(stage.api))[f"groundswell_job_last_failed {name}"] == 1

    await eventually(told)


async def test_metrics_tell_which_ranking_fails(stage: Stage) -> None:
    await stage.world.only("trending_24h", "hot")
    await stage.show()
    await stage.world.execute(
        "update core.ranking_state set error = 'broken' "
        "where ranking_id = (select ranking_id from core.ranking where name = 'hot')"
    )

    async def told() -> bool:
        found = await metrics_of(stage.api)
        assert found["groundswell_ranking_last_failed trending_24h"] == 0
        assert found["groundswell_ranking_last_duration_seconds hot"] >= 0
        return found["groundswell_ranking_last_failed hot"] == 1

    await eventually(told)


async def test_metrics_are_given_in_an_outage_too(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    async with api_on(engine) as api:
        await engine.kill_redis()
        await engine.kill_database()
        found = await metrics_of(api)
        assert not any(name.startswith("groundswell_stream_entries") for name in found)
        assert "groundswell_trending_from_memory_total" in found


@pytest.mark.parametrize("path", ["/nothing", "/analytics", "/health"])
async def test_an_unknown_path_is_a_problem(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert answer.headers["content-type"] == "application/problem+json"
