"""A master dies, a replica takes over, slots move, under load: what is lost, and what is not."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from uuid import uuid4

import httpx
import msgspec
import pytest
import redis.asyncio

from app.ingest import keys
from app.ingest.packing import PackedEvent
from app.ingest.stream import Entry, NotReplicatedError, StreamAppender, sealed
from app.runtime.outage import REDIS_ERRORS
from app.runtime.pool import Pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.cluster.conftest import SHARDS, settings_on
from tests.cluster.posting import Posted, drained, post, posting, stored
from tests.engines.redis_nodes import RedisCluster, RedisNode, SentinelService
from tests.eventually import eventually
from tests.serving import api_of
from tests.writing import running_writer

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clean_database")]


async def test_a_master_dies_and_slots_move_while_events_come(
    settings: Settings, own_cluster: RedisCluster, pool: Pool
) -> None:
    """Nothing that a replica had confirmed is lost, and nothing counts twice."""
    own = settings_on(settings, own_cluster.url, stream_shards=SHARDS)
    async with (
        open_redis(own) as client,
        api_of(own) as api,
        running_writer(own, pool, client),
    ):
        async with posting(api, durable="replicated") as posted:
            await asyncio.sleep(0.5)
            victim = await own_cluster.master_of(keys.event_stream(1))
            await victim.kill()
            successor = await _successor(own_cluster, keys.event_stream(1), victim)
            await victim.start()
            for stream in (keys.event_stream(2), keys.EVENT_STREAM):
                await own_cluster.move_slot(stream, successor)
                await asyncio.sleep(0.2)
            before = len(posted.acknowledged)
            await asyncio.sleep(0.5)
            assert len(posted.acknowledged) > before, "events come again"
        await drained(client)
    found = await stored(pool)
    assert not posted.acknowledged - found.ids, "acknowledged and lost"
    assert found.rows == found.counted == len(found.ids)
    assert not posted.refused, "there was always a way"


async def test_what_a_replica_has_not_got_dies_with_its_master_unless_it_was_asked_for(
    settings: Settings, own_cluster: RedisCluster, pool: Pool
) -> None:
    own = settings_on(settings, own_cluster.url, replica_seconds=0.1)
    async with open_redis(own) as client, api_of(own) as api:
        victim = await own_cluster.master_of(keys.EVENT_STREAM)
        replica = await _replica_of(own_cluster, victim)
        # What it was sent it would find when it wakes: nothing more is sent.
        replica.signal(signal.SIGSTOP)
        await victim.ask("CLIENT", "KILL", "TYPE", "REPLICA")
        lost, kept = Posted(set(), []), Posted(set(), [])
        await post(api, lost, durable="stored")
        await post(api, kept, durable="replicated")
        await victim.kill()
        replica.signal(signal.SIGCONT)
        assert lost.acknowledged
        assert kept.acknowledged
        await _successor(own_cluster, keys.EVENT_STREAM, victim)
        await victim.start()
        async with running_writer(own, pool, client):
            await drained(client)
    found = await stored(pool)
    assert found.ids == kept.acknowledged, "by the database, as no replica had them"


async def test_without_replica_and_database_nothing_is_acknowledged(
    settings: Settings, own_cluster: RedisCluster
) -> None:
    nowhere = "postgresql://postgres@127.0.0.1:1/nowhere"
    own = settings_on(settings, own_cluster.url, replica_seconds=0.1)
    own = msgspec.structs.replace(own, database_url=nowhere, database_timeout=0.5)
    for replica in own_cluster.nodes[len(own_cluster.masters) :]:
        await replica.kill()
    async with api_of(own) as api:
        answer = await api.post("/analytics/view/a?durable=replicated")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert (await api.post("/analytics/view/a?durable=stored")).status_code == 202


async def test_a_service_fails_over(
    settings: Settings, service: SentinelService, pool: Pool
) -> None:
    own = settings_on(settings, service.url, durable="replicated")
    async with (
        open_redis(own) as client,
        api_of(own) as api,
        running_writer(own, pool, client),
    ):
        async with posting(api, durable="replicated") as posted:
            await asyncio.sleep(0.5)
            victim = await service.master()
            await victim.kill()
            await eventually(lambda: _other_master(service, victim), within=30)
            await victim.start()
            await asyncio.sleep(1)
        await eventually(lambda: _is_ready(api), within=20)
        await drained(client)
    found = await stored(pool)
    assert not posted.acknowledged - found.ids, "acknowledged and lost"
    assert found.rows == found.counted == len(found.ids)


async def test_all_replicas_are_waited_for(settings: Settings, service: SentinelService) -> None:
    """Any may be the next master: sentinels choose by what each had some seconds before."""
    own = settings_on(settings, service.url)
    async with open_redis(own) as client:
        appender = StreamAppender(client, replica_seconds=0.3)
        event = PackedEvent(
            event_id=uuid4().bytes, occurred_at=0, content_type="video", content_id="a", type=0
        )
        entry = sealed(Entry(received_at=0, events=[event]))
        await eventually(lambda: _all_follow(appender))
        await appender.append(entry, is_replicated=True)
        master = await service.master()
        silent = next(node for node in service.nodes if node is not master)
        silent.signal(signal.SIGSTOP)
        try:
            await appender.append(entry)
            with pytest.raises(NotReplicatedError, match="not all replicas"):
                await appender.append(entry, is_replicated=True)
        finally:
            silent.signal(signal.SIGCONT)


async def _all_follow(appender: StreamAppender) -> bool:
    await appender.backlog()
    return appender._replicas == 2


async def test_a_master_that_hangs_is_left(settings: Settings, service: SentinelService) -> None:
    """Its connections stay open, and it wakes as a replica, which would take no writes."""
    own = settings_on(settings, service.url)
    async with open_redis(own) as client:
        await client.set("a", 1)
        victim = await service.master()
        victim.signal(signal.SIGSTOP)
        try:
            await eventually(lambda: _other_master(service, victim), within=30)
            began = time.monotonic()
            await eventually(lambda: _is_set(client), within=10)
            assert time.monotonic() - began < 5
        finally:
            victim.signal(signal.SIGCONT)
        for _ in range(20):
            await client.set("a", 3)


async def _is_set(client: redis.asyncio.Redis) -> bool:
    with suppress(*REDIS_ERRORS):
        return bool(await client.set("a", 2))
    return False


async def _is_ready(api: httpx.AsyncClient) -> bool:
    return bool((await api.get("/health/ready")).json()["status"] == "ready")


async def _successor(cluster: RedisCluster, key: str, victim: RedisNode) -> RedisNode:
    async def taken_over() -> RedisNode | None:
        found = await cluster.master_of(key)
        return None if found is victim else found

    found = await eventually(taken_over, within=30)
    assert found is not None
    return found


async def _replica_of(cluster: RedisCluster, master: RedisNode) -> RedisNode:
    role = await master.ask("ROLE")
    port = int(role[2][0][1])
    return next(node for node in cluster.nodes if node.port == port)


async def _other_master(service: SentinelService, victim: RedisNode) -> bool:
    return await service.master() is not victim
