"""Everything that works on one Redis works on a cluster, whose keys are on many slots."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import redis.asyncio

from app.ingest import keys
from app.ingest.shards import known_shards
from app.runtime.pool import Pool
from app.runtime.redis_cluster import ClusterRedis
from app.runtime.redis_lock import hold
from app.runtime.redis_slots import slot_of_key
from app.settings import Settings
from app.worker import run_parts
from tests.alerting import enters_top, raised, subscribe
from tests.api.conftest import ADMIN, ADMIN_KEY
from tests.cluster.conftest import SHARDS
from tests.cluster.posting import drained, posting, stored
from tests.eventually import eventually
from tests.liking import shown, toggle
from tests.serving import api_of
from tests.sql.world import World
from tests.writing import packed, put, running_writer


async def test_an_event_is_everywhere(
    on_cluster: Settings, pool: Pool, client: redis.asyncio.Redis
) -> None:
    """Recorded, written, in stats, top lists, rankings and alerts, each from another slot."""
    stop = asyncio.Event()
    own = msgspec.structs.replace(
        on_cluster, admin_key=ADMIN_KEY, view_dedupe_seconds=60, rate_limit_per_minute=0
    )
    async with api_of(own) as api, asyncio.TaskGroup() as group, pool.connection() as connection:
        world = World(connection)
        group.create_task(run_parts(own, pool, client, stop))

        for name, views in (("a", 3), ("b", 2), ("c", 1)):
            events = [
                {"type": "view", "contentId": name, "userId": f"u{number}"}
                for number in range(views)
            ]
            answer = await api.post("/analytics/events?wait=true", json=[*events, events[0]])
            assert answer.status_code == 200, answer.text
        assert await toggle(api, item="a") == (True, 1)
        assert await shown(api, item="a") == (True, 1)

        # A repeated view is kept, and not counted.
        stats = (await api.get("/analytics/stats/a")).json()
        assert (stats["viewsTotal"], stats["likesTotal"]) == (3, 1)
        several = await api.get("/analytics/stats?ids=a,b,c")
        assert [each["stats"]["viewsTotal"] for each in several.json()["items"]] == [3, 2, 1]

        async def has_run() -> bool:
            # The worker's own first run may be under way.
            await world.run(datetime.now(UTC) + timedelta(seconds=1), forced=True)
            return True

        await eventually(has_run, within=30)

        async def is_listed() -> bool:
            top = await api.get("/analytics/top/viewed")
            page = await api.get("/analytics/trending")
            places = [
                [each["contentId"] for each in answer.json().get("items", [])]
                for answer in (top, page)
            ]
            assert places[0] == ["a", "b", "c"]
            assert set(places[1]) == {"a", "b", "c"}
            return True

        await eventually(is_listed, within=30)
        await subscribe(world, enters_top(10), ranking="trending_24h")
        assert (await api.post("/analytics/view/d?wait=true")).status_code == 200
        await eventually(has_run, within=30)
        assert [each.type for each in await raised(world)] == ["enters_top"]
        status = (await api.get("/admin/status", headers=ADMIN)).json()
        assert status["stream"]["down"] == []
        assert (await api.get("/health/ready")).json()["status"] == "ready"
        async with hold(client, "a lock of a test"):
            stop.set()


async def test_entries_go_to_all_shards_and_come_out_of_all(
    on_cluster: Settings, pool: Pool, client: redis.asyncio.Redis
) -> None:
    async with api_of(on_cluster) as api:
        async with posting(api, durable="stored") as posted:
            await asyncio.sleep(0.5)
        streams = [keys.event_stream(shard) for shard in range(SHARDS)]
        waiting = [await client.xlen(stream) for stream in streams]
        assert min(waiting) > 0
        metrics = (await api.get("/metrics")).text
        assert f'groundswell_stream_entries{{lane="live",shard="2"}} {waiting[2]:.1f}' in metrics
        async with running_writer(on_cluster, pool, client):
            await drained(client)
    found = await stored(pool)
    assert found.ids == posted.acknowledged
    assert found.rows == found.counted == len(found.ids)
    assert not posted.refused


@pytest.mark.parametrize(("before", "after"), [(6, 1), (1, 6)])
async def test_another_number_of_shards_loses_nothing(
    on_cluster: Settings, pool: Pool, client: redis.asyncio.Redis, before: int, after: int
) -> None:
    """Also where a writer still has the old number, and the API the new one."""
    numbers = {
        number: msgspec.structs.replace(on_cluster, stream_shards=number)
        for number in (before, after)
    }
    acknowledged = set()
    for number in (before, after):
        async with (
            api_of(numbers[number]) as api,
            posting(api, durable="stored") as posted,
        ):
            await asyncio.sleep(0.3)
        acknowledged |= posted.acknowledged
    assert await known_shards(client) == 6
    async with running_writer(numbers[1], pool, client):
        await drained(client)
    assert (await stored(pool)).ids == acknowledged


async def test_limits_hold_over_all_shards(on_cluster: Settings) -> None:
    own = msgspec.structs.replace(on_cluster, client_rate_limit_per_minute=10)
    async with api_of(own) as api:
        answers = [await api.post(f"/analytics/view/{number}") for number in range(12)]
    assert [each.status_code for each in answers] == [202] * 10 + [429] * 2
    assert answers[9].headers["ratelimit-remaining"] == "0"


async def test_poison_of_any_shard_is_a_dead_letter(
    on_cluster: Settings, pool: Pool, client: redis.asyncio.Redis
) -> None:
    stream = keys.event_stream(2)
    await client.xadd(stream, {b"v": b"9"})
    await put(client, [packed("a")])
    async with running_writer(on_cluster, pool, client):
        await eventually(lambda: client.xlen(keys.DEAD_STREAM))
        await drained(client)
    assert await client.xlen(keys.DEAD_STREAM) == 1
    assert await client.xlen(stream) == 0


async def test_a_slot_that_nobody_serves_takes_only_what_lives_there(
    on_cluster: Settings, pool: Pool, client: redis.asyncio.Redis
) -> None:
    """Stats from the database, events in the other shards, and health names who is missing."""
    assert isinstance(client, ClusterRedis)
    async with api_of(on_cluster) as api, running_writer(on_cluster, pool, client):
        assert (await api.post("/analytics/events?wait=true", json=[
            {"type": "view", "contentId": "a"}
        ])).status_code == 200  # fmt: skip
        owner = await client.owner_of(keys.event_stream(1))
        assert owner is not None
        await client.node(owner).execute_command("CLIENT", "PAUSE", 2_500, "ALL")  # type: ignore[no-untyped-call]
        ready = (await api.get("/health/ready")).json()
        assert ready["status"] == "degraded"
        assert f"{owner[0]}:{owner[1]}" in ready["redis"]["detail"]
        async with posting(api, durable="stored") as posted:
            await asyncio.sleep(0.5)
        assert posted.acknowledged
        assert not posted.refused
        await eventually(lambda: _is_ready(api), within=20)
        await drained(client)
    assert (await stored(pool)).ids >= posted.acknowledged


async def _is_ready(api: object) -> bool:
    answer = await api.get("/health/ready")  # type: ignore[attr-defined]
    return bool(answer.json()["status"] == "ready")


def test_shards_are_on_slots_of_their_own_and_spread_over_masters() -> None:
    streams = [keys.event_stream(shard) for shard in range(96)]
    slots = [slot_of_key(stream) for stream in streams]
    assert streams[0] == keys.EVENT_STREAM
    assert len(set(slots)) == len(slots)
    for masters in (3, 6, 12):
        held = [slot * masters // 16_384 for slot in slots[:masters]]
        assert sorted(held) == list(range(masters))
