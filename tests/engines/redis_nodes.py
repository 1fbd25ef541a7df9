"""Several Redis servers on loopback: a cluster of masters and replicas, or a service of sentinels.

Their timeouts are as short as they may be on a busy machine: whoever is dead is replaced soon.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from app.embedded.child import free_port
from app.embedded.errors import EmbeddedError
from app.embedded.redis import _TETHER, Fsync, find_redis_server
from app.runtime.redis_slots import slot_of_key
from tests.engines.redis import KillableRedis
from tests.eventually import eventually

SLOTS = 16_384
NODE_TIMEOUT_MS = 1_500
"""Silence after which a node is called dead."""
LEAST_VERSION = 7


def why_no_cluster() -> str | None:
    """Return why no cluster can be started here, None where it can."""
    try:
        server = find_redis_server()
    except EmbeddedError as error:
        return str(error)
    said = subprocess.run([server, "--version"], check=True, capture_output=True, text=True).stdout
    version = re.search(r"v=(\d+)", said)
    if version is None or int(version[1]) < LEAST_VERSION:
        return f"needs Redis {LEAST_VERSION} or newer: {server} is {said.strip()}"
    return None


class RedisNode(KillableRedis):
    """One server of several, with options of its own."""

    def __init__(self, folder: Path, *, fsync: Fsync = "everysec", **options: str) -> None:
        super().__init__(folder, fsync=fsync)
        # A port beside that of the cluster's bus, which is chosen by itself.
        self.port = free_port()
        self._options = {name.replace("_", "-"): value for name, value in options.items()}

    def _command(self) -> list[str]:
        given = [word for name, value in self._options.items() for word in (f"--{name}", value)]
        return [*super()._command(), *given]

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.port}"

    def client(self) -> redis.asyncio.Redis:
        """Make a client of this server alone."""
        return redis.asyncio.Redis.from_url(self.url, protocol=2, socket_timeout=5)

    async def ask(self, *words: object) -> Any:  # whatever it says
        """Ask this server something."""
        async with self.client() as client:
            return await client.execute_command(*words)  # type: ignore[no-untyped-call]


class RedisCluster:
    """Masters, each with a replica; the replica of `nodes[n]` is `nodes[n + masters]`."""

    def __init__(self, nodes: list[RedisNode], masters: int) -> None:
        self.nodes = nodes
        self.masters = nodes[:masters]

    @property
    def url(self) -> str:
        """Its address, by all that belong to it."""
        return "redis+cluster://" + ",".join(node.address for node in self.nodes)

    async def form(self) -> None:
        """Make one cluster of servers that run."""
        first, masters = self.nodes[0], len(self.masters)
        for number, node in enumerate(self.nodes):
            await node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            if number < masters:
                start, end = (SLOTS * edge // masters for edge in (number, number + 1))
                await node.ask("CLUSTER", "ADDSLOTSRANGE", start, end - 1)
            if node is not first:
                bus = (await node.ask("CONFIG", "GET", "cluster-port"))[1].decode()
                await first.ask("CLUSTER", "MEET", "127.0.0.1", node.port, bus)
        await eventually(self._all_met, within=20)
        for number, node in enumerate(self.nodes[masters:]):
            master = await self.masters[number % masters].ask("CLUSTER", "MYID")
            await eventually(partial(_replicate, node, master), within=20)
        await eventually(self.is_well, within=30)

    async def _all_met(self) -> bool:
        known = [await node.ask("CLUSTER", "INFO") for node in self.nodes]
        return all(f"cluster_known_nodes:{len(self.nodes)}".encode() in each for each in known)

    async def is_well(self) -> bool:
        """Tell whether every node sees every slot served, and every replica follows its master."""
        for node in self.nodes:
            info = await node.ask("CLUSTER", "INFO")
            if b"cluster_state:ok" not in info or b"cluster_slots_ok:16384" not in info:
                return False
            role = await node.ask("ROLE")
            if role[0] == b"slave" and role[3] != b"connected":
                return False
            if role[0] == b"master" and not role[2] and len(self.nodes) > len(self.masters):
                return False
        return True

    async def master_of(self, key: str) -> RedisNode:
        """Return the node that serves a key now, as most see it."""
        slot = slot_of_key(key)
        for node in self.nodes:
            try:
                ranges = await node.ask("CLUSTER", "SLOTS")
            except (RedisError, OSError):
                continue
            for first, last, master, *_ in ranges:
                if first <= slot <= last:
                    found = next(each for each in self.nodes if each.port == master[1])
                    if await _is_master(found):
                        return found
        raise AssertionError(f"nobody serves {key}")

    async def move_slot(self, key: str, target: RedisNode) -> None:
        """Move the slot of a key to another master, keys and all, as `redis-cli` does."""
        slot, source = slot_of_key(key), await self.master_of(key)
        if source is target:
            return
        names = {each: (await each.ask("CLUSTER", "MYID")).decode() for each in (source, target)}
        await target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source])
        await source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", names[target])
        while found := await source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100):
            await source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 5_000, "KEYS", *found)
        for node in (target, source, *self.nodes):
            try:
                if await _is_master(node):
                    await node.ask("CLUSTER", "SETSLOT", slot, "NODE", names[target])
            except (RedisError, OSError):
                continue


class SentinelService:
    """A master, its replicas, and the sentinels that watch it."""

    name = "groundswell"

    def __init__(self, nodes: list[RedisNode], sentinels: list[_SentinelNode]) -> None:
        self.nodes = nodes
        self.sentinels = sentinels

    @property
    def url(self) -> str:
        """Its address, by its sentinels."""
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels)
        return f"redis+sentinel://{hosts}/{self.name}"

    async def master(self) -> RedisNode:
        """Return who is master now, as a sentinel says."""
        _, port = await self.sentinels[0].ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.name)
        return next(node for node in self.nodes if node.port == int(port))

    async def is_well(self) -> bool:
        """Tell whether every sentinel knows the others, and that there are replicas."""
        for each in self.sentinels:
            found = await each.ask("SENTINEL", "MASTER", self.name)
            said = dict(zip(found[::2], found[1::2], strict=True))
            if int(said[b"num-other-sentinels"]) < len(self.sentinels) - 1:
                return False
            if int(said[b"num-slaves"]) < len(self.nodes) - 1:
                return False
        return True


class _SentinelNode(RedisNode):
    def __init__(self, folder: Path, master: RedisNode, *, quorum: int) -> None:
        super().__init__(folder)
        self._file = folder / "sentinel.conf"
        self._file.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor {SentinelService.name} 127.0.0.1 {master.port} {quorum}\n"
            f"sentinel down-after-milliseconds {SentinelService.name} {NODE_TIMEOUT_MS}\n"
            f"sentinel failover-timeout {SentinelService.name} 5000\n"
        )

    def _command(self) -> list[str]:
        server = find_redis_server()
        return [sys.executable, "-I", "-S", str(_TETHER), server, str(self._file), "--sentinel"]


@asynccontextmanager
async def redis_cluster(
    folder: Path, *, masters: int = 3, replicas: int = 1, fsync: Fsync = "everysec"
) -> AsyncIterator[RedisCluster]:
    """Run a cluster, each master with so many replicas."""
    async with AsyncExitStack() as stack:
        nodes = [
            RedisNode(
                folder / f"node{number}",
                fsync=fsync,
                cluster_enabled="yes",
                cluster_config_file="nodes.conf",
                cluster_port=str(free_port()),
                cluster_node_timeout=str(NODE_TIMEOUT_MS),
                cluster_require_full_coverage="no",
                cluster_replica_validity_factor="0",
                cluster_allow_replica_migration="no",
                repl_diskless_sync_delay="0",
                repl_ping_replica_period="1",
            )
            for number in range(masters * (1 + replicas))
        ]
        await _start(nodes, stack)
        cluster = RedisCluster(nodes, masters)
        await cluster.form()
        yield cluster


@asynccontextmanager
async def sentinel_service(
    folder: Path, *, replicas: int = 2, sentinels: int = 3
) -> AsyncIterator[SentinelService]:
    """Run a master with its replicas, and the sentinels that watch it."""
    async with AsyncExitStack() as stack:
        nodes = [
            RedisNode(
                folder / f"node{number}", repl_diskless_sync_delay="0", repl_ping_replica_period="1"
            )
            for number in range(1 + replicas)
        ]
        await _start(nodes, stack)
        for node in nodes[1:]:
            await node.ask("REPLICAOF", "127.0.0.1", nodes[0].port)
        watching = [
            _SentinelNode(folder / f"sentinel{number}", nodes[0], quorum=2)
            for number in range(sentinels)
        ]
        await _start(watching, stack)
        service = SentinelService(nodes, watching)
        await eventually(service.is_well, within=40)
        yield service


async def _start(nodes: Sequence[RedisNode], stack: AsyncExitStack) -> None:
    for node in nodes:
        stack.push_async_callback(node.stop)
    await asyncio.gather(*(node.start() for node in nodes))


async def _replicate(node: RedisNode, master: bytes) -> bool:
    try:
        await node.ask("CLUSTER", "REPLICATE", master)
    except RedisError:
        # It has not heard of that master yet.
        return False
    return True


async def _is_master(node: RedisNode) -> bool:
    try:
        role: list[Any] = await node.ask("ROLE")
    except (RedisError, OSError):
        return False
    return bool(role[0] == b"master")
