"""Faults that clients of clusters are known for, and that this one must not have."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress

import pytest
import redis.asyncio
from redis.asyncio import Redis
from redis.exceptions import RedisError, WatchError

from app.errors import RefusedError
from app.runtime.first_login import redis_lets_in
from app.runtime.notifications import of_redis
from app.runtime.outage import REDIS_ERRORS
from app.runtime.redis_client import open_redis
from app.runtime.redis_cluster import ClusterRedis
from app.runtime.redis_nodes import nodes_of, scanned
from app.runtime.redis_slots import CrossSlotError
from app.settings import Settings
from tests.cluster.conftest import settings_on
from tests.engines.redis_nodes import RedisCluster, RedisNode
from tests.eventually import eventually

KEY = "{moving}:a"


@pytest.fixture(name="client")
async def _client(client: redis.asyncio.Redis) -> ClusterRedis:
    assert isinstance(client, ClusterRedis)
    return client


async def test_a_dead_node_breaks_nothing_of_the_others(
    settings: Settings, own_cluster: RedisCluster
) -> None:
    """Commands under way there end well, however often those of the dead one fail.

    redis-py's cluster client closes the connections to all nodes when a slot is served by nobody.
    """
    own = settings_on(settings, own_cluster.url)
    async with open_redis(own) as client:
        dead = await own_cluster.master_of(KEY)
        key = await _key_elsewhere(own_cluster, KEY)
        waiting = asyncio.ensure_future(client.blpop([key], timeout=0.9))
        (replica,) = [each for each in own_cluster.nodes if await _follows(each, dead.port)]
        await replica.kill()
        await dead.kill()
        for _ in range(50):
            with suppress(*REDIS_ERRORS):
                await client.get(KEY)
        assert await waiting is None
        assert await client.set(key + ":other", 1)
        began = time.monotonic()
        for _ in range(50):
            with suppress(*REDIS_ERRORS):
                await client.get(KEY)
            await client.get(key)
        assert time.monotonic() - began < 20


async def test_errors_while_writing_leak_no_connections(client: ClusterRedis) -> None:
    """As when a node dies under a command: redis-py's once lost one for each (its issue 4110)."""
    await client.set(KEY, 1)
    owner = await client.owner_of(KEY)
    assert owner is not None
    pool = client.node(owner).connection_pool
    for _ in range(5):
        connection = await pool.get_connection()  # type: ignore[no-untyped-call]
        assert connection._writer is not None
        connection._writer.transport.abort()
        await pool.release(connection)
        with suppress(*REDIS_ERRORS):
            await client.get(KEY)
    assert await client.get(KEY) == b"1"
    assert not pool._in_use_connections
    assert len(pool._available_connections) <= 2


async def test_while_a_slot_moves_every_command_ends_well(
    client: ClusterRedis, cluster: RedisCluster
) -> None:
    """Also those that a node sends on just this once: ASKING goes on the same connection."""
    names = [f"{{moving}}:{number}" for number in range(200)]
    for name in names[::2]:
        await client.set(name, name)
    target = await _other_master(cluster, KEY)
    stop = asyncio.Event()
    done = 0

    async def use() -> None:
        nonlocal done
        while not stop.is_set():
            for name in names:
                assert await client.set(name, name)
                assert await client.get(name) == name.encode()
                done += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(use())
        for _ in range(3):
            await cluster.move_slot(KEY, target)
            target = await _other_master(cluster, KEY)
        stop.set()
    assert done
    assert set(await client.mget(names)) == {name.encode() for name in names}


async def test_a_pipeline_and_a_transaction_follow_a_slot(
    client: ClusterRedis, cluster: RedisCluster
) -> None:
    """What goes by pipelines alone learns of it, too: redis-py's never looked again."""
    await client.set(KEY, 1)
    for is_transaction in (False, True):
        await cluster.move_slot(KEY, await _other_master(cluster, KEY))
        async with client.pipeline(transaction=is_transaction) as pipe:
            pipe.incr(KEY)
            pipe.get(KEY)
            number, text = await pipe.execute()
        assert text == b"%d" % number
    await cluster.move_slot(KEY, await _other_master(cluster, KEY))
    async with client.pipeline(transaction=True) as pipe:
        # It is told that the slot is elsewhere, unless it has heard of that already.
        with suppress(WatchError):
            await pipe.watch(KEY)
        await pipe.watch(KEY)
        await client.incr(KEY)
        pipe.multi()  # type: ignore[no-untyped-call]
        pipe.incr(KEY)
        with pytest.raises(WatchError):
            await pipe.execute()
    assert await client.get(KEY) == b"4"


async def test_announcements_follow_their_slot(client: ClusterRedis, cluster: RedisCluster) -> None:
    """By pub/sub of the slot, which ends where the slot goes."""
    channel = "{moving}:channel"
    assert client.has_shard_channels or await client.ping()
    async with of_redis(client, channel, "{other}:channel").subscribed(channel) as wake:
        await asyncio.wait_for(wake.wait(), 5)
        for _ in range(2):
            await _heard(client, channel, wake)
            await cluster.move_slot(channel, await _other_master(cluster, channel))
        await _heard(client, channel, wake)


async def test_a_node_that_hangs_keeps_nobody_else_waiting(
    client: ClusterRedis, cluster: RedisCluster
) -> None:
    await client.set(KEY, 1)
    hung = await cluster.master_of(KEY)
    key = await _key_elsewhere(cluster, KEY)
    hung.signal(signal.SIGSTOP)
    try:
        failing = asyncio.ensure_future(client.get(KEY))
        began = time.monotonic()
        for _ in range(50):
            await client.set(key, 1)
        assert time.monotonic() - began < 20, "each would have waited for a second"
        with pytest.raises(RedisError):
            await failing
    finally:
        hung.signal(signal.SIGCONT)
    await eventually(lambda: client.set(KEY, 2))
    await eventually(cluster.is_well, within=30)


async def test_keys_of_several_slots_are_no_transaction(client: ClusterRedis) -> None:
    async with client.pipeline(transaction=True) as pipe:
        pipe.set("{a}", 1)
        pipe.set("{b}", 1)
        with pytest.raises(CrossSlotError):
            await pipe.execute()
    with pytest.raises(CrossSlotError):
        await client.eval("return 1", 2, "{a}", "{b}")
    with pytest.raises(CrossSlotError, match="scanned"):
        await client.scan()
    assert await client.unlink("{a}", "{b}") == 0


async def test_all_nodes_are_scanned(client: ClusterRedis) -> None:
    names = {f"scan:{number}".encode() for number in range(100)}
    for name in names:
        await client.set(name, 1)
    found = {key async for page in scanned(client, "scan:*", page=10) for key in page}
    assert found == names
    sizes = [await node.dbsize() for node in (await nodes_of(client)).values()]
    assert min(sizes) > 0


@pytest.mark.parametrize("kind", ["node", "single"])
async def test_the_wrong_kind_of_url_ends_at_once(
    settings: Settings, cluster: RedisCluster, redis_url: str, kind: str
) -> None:
    """Rather than that commands fail for ever, or some of them."""
    urls = {
        "node": (cluster.masters[0].url, r"redis\+cluster://"),
        "single": (
            "redis+cluster://" + redis_url.removeprefix("redis://").split("/")[0],
            "redis://",
        ),
    }
    url, says = urls[kind]
    async with open_redis(settings_on(settings, url)) as client:
        with pytest.raises(RefusedError, match=says):
            await asyncio.wait_for(redis_lets_in(client, asyncio.Event()), 5)


async def _heard(client: Redis, channel: str, wake: asyncio.Event) -> None:
    async def is_heard() -> bool:
        wake.clear()
        await client.publish(channel, b"")
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), 0.2)
        return wake.is_set()

    await eventually(is_heard, within=20)


async def _other_master(cluster: RedisCluster, key: str):  # type: ignore[no-untyped-def]
    owner = await cluster.master_of(key)
    for node in cluster.nodes:
        with suppress(*REDIS_ERRORS):
            if node is not owner and (await node.ask("ROLE"))[0] == b"master":
                return node
    raise AssertionError("there is no other master")


async def _key_elsewhere(cluster: RedisCluster, key: str) -> str:
    owner = await cluster.master_of(key)
    for number in range(100):
        if await cluster.master_of(f"{{{number}}}") is not owner:
            return f"{{{number}}}"
    raise AssertionError("one node has everything")


async def _follows(node: RedisNode, port: int) -> bool:
    role = await node.ask("ROLE")
    return role[0] == b"slave" and int(role[2]) == port
