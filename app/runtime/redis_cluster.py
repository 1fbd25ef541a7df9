"""A Redis Cluster behind the interface of one Redis: each command goes to the node of its slot.

The nodes are plain clients of redis-py, with its pools, pipelines and pub/sub; what is here is the
way to them. redis-py has a client for clusters, too, which closes all nodes' connections, those
in use with them, whenever a slot is served by nobody, asks a node that a slot moves to on any
connection but the one it told so, never looks anew after a pipeline met a dead node, and runs each
command of a transaction in a thread (docs/decisions/0049).

No command is repeated whose outcome is unknown: a command is sent again only where a node said that
it had not run it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline, PubSub
from redis.cluster import parse_cluster_slots
from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterDownError,
    MovedError,
    ReadOnlyError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.runtime.outage import REDIS_ERRORS
from app.runtime.redis_address import Address
from app.runtime.redis_pipeline import ClusterPipeline
from app.runtime.redis_slots import SLOTS, by_slot, slot_of, slot_of_key
from app.runtime.tasks import end

ASK_SECONDS = 0.5
"""How long a node may take to say who serves which slots."""
LOOK_SECONDS = 0.25
"""Least time between two looks at who serves which slots."""
REDIRECTIONS = 12
"""How often a command is sent on or again, though nobody ran it."""
TRY_AGAIN_SECONDS = 0.05
"""How long to wait where a command's keys are on two nodes, as their slot moves just now."""

_SHARDS_CHANNELS = 7
"""The first version of Redis whose pub/sub can go by slots."""
_EVERYWHERE = {"SCRIPT LOAD", "FLUSHALL"}
_OF_NODE = (RedisConnectionError, RedisTimeoutError, ClusterDownError, ReadOnlyError, OSError)
"""What says that a node is not there, or is not what it was."""

log = structlog.get_logger(__name__)


class ClusterRedis(Redis):
    """The client of a cluster; `connect` makes the client of one node."""

    def __init__(self, seeds: Sequence[Address], connect: Callable[[Address], Redis]) -> None:
        first = connect(seeds[0])
        super().__init__(connection_pool=first.connection_pool)
        self._connect = connect
        self._seeds = list(seeds)
        self._nodes = {seeds[0]: first}
        self._owners: list[Address | None] = []
        self._replicas = dict[Address, list[Address]]()
        self._loading: asyncio.Task[None] | None = None
        self._loaded_at = -LOOK_SECONDS
        self.has_shard_channels = False
        """Whether its pub/sub is by slots: from Redis 7 on. Else all nodes hear everything."""

    async def masters(self) -> dict[Address, list[Address]]:
        """Return the nodes that serve slots, each with its replicas."""
        await self.ready()
        return dict(self._replicas)

    async def owner_of(self, key: str | bytes) -> Address | None:
        """Return which node serves a key, None where none does."""
        await self.ready()
        return self._owners[slot_of_key(key)]

    def node(self, address: Address) -> Redis:
        """Return the client of one node."""
        found = self._nodes.get(address)
        if found is None:
            found = self._nodes[address] = self._connect(address)
        return found

    async def ready(self) -> None:
        """Know who serves which slots; raises errors of Redis while no node says so."""
        if not self._owners:
            self.look_again()
            await asyncio.shield(cast("asyncio.Task[None]", self._loading))

    def node_of(self, slot: int) -> Redis:
        """Return the client of the node that serves a slot."""
        owner = self._owners[slot]
        if owner is None:
            self.look_again()
            raise ClusterDownError(f"no node serves the slot {slot}")
        return self.node(owner)

    def note(self, error: Exception) -> None:
        """Learn from an error of a node."""
        if isinstance(error, MovedError):
            self._owners[error.slot_id] = (error.host, error.port)
        if isinstance(error, (*_OF_NODE, MovedError)):
            self.look_again()

    def look_again(self) -> None:
        """Ask who serves which slots, soon, and once for all who ask meanwhile."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load(), name="slots of redis")
            self._loading.add_done_callback(self._loaded)

    def _loaded(self, task: asyncio.Task[None]) -> None:
        self._loading = None
        if not task.cancelled() and (error := task.exception()):
            log.debug("nobody says who serves which slots", error=str(error))

    async def _load(self) -> None:
        await asyncio.sleep(max(0.0, self._loaded_at + LOOK_SECONDS - time.monotonic()))
        known = [node for master, each in self._replicas.items() for node in (master, *each)]
        random.shuffle(known)
        failure: Exception | None = None
        try:
            for address in dict.fromkeys([*known, *self._seeds]):
                try:
                    async with asyncio.timeout(ASK_SECONDS):
                        await self._load_from(address)
                except (RedisError, OSError) as error:
                    # A wrong password is not mended by another node.
                    failure = failure if isinstance(failure, AuthenticationError) else error
                else:
                    return
        finally:
            self._loaded_at = time.monotonic()
        if isinstance(failure, AuthenticationError):
            raise failure
        raise RedisConnectionError(f"no node of the cluster answers: {failure}") from failure

    async def _load_from(self, address: Address) -> None:
        client = self.node(address)
        if not self._owners:
            version = str((await client.info("server"))["redis_version"])
            self.has_shard_channels = int(version.partition(".")[0]) >= _SHARDS_CHANNELS
        ranges: Any = await client.execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call]
        owners: list[Address | None] = [None] * SLOTS
        replicas = dict[Address, list[Address]]()
        # A node that was told no address of its own gives none.
        slots = parse_cluster_slots(ranges, current_host=address[0])
        for (first, last), nodes in slots.items():
            owners[first : last + 1] = [nodes["primary"]] * (last + 1 - first)
            replicas[nodes["primary"]] = nodes["replicas"]
        if not replicas:
            raise ClusterDownError("no node serves any slot")
        self._owners, self._replicas = owners, replicas
        await self._forget({address, *replicas, *chain.from_iterable(replicas.values())})

    async def _forget(self, known: set[Address]) -> None:
        """Close the connections to all but these nodes."""
        for address in self._nodes.keys() - known - set(self._seeds):
            await self._nodes.pop(address).aclose()

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401  # redis-py's
        """Run a command where its keys are."""
        await self.ready()
        if args[0] in _EVERYWHERE:
            return await self._everywhere(*args, **options)
        slot = slot_of(*args)
        if slot is None:
            return await self._anywhere(*args, **options)
        failure = RedisError("")
        for _ in range(REDIRECTIONS):
            client = self.node_of(slot)
            try:
                return await client.execute_command(*args, **options)  # type: ignore[no-untyped-call]
            except TryAgainError as error:
                failure = error
                await asyncio.sleep(TRY_AGAIN_SECONDS)
            except MovedError as error:
                failure = error
                self.note(error)
            except AskError as error:
                failure = error
                with suppress(AskError, TryAgainError):
                    return await self._asking(error, args, options)
                await asyncio.sleep(TRY_AGAIN_SECONDS)
            except REDIS_ERRORS as error:
                self.note(error)
                raise
        raise failure

    async def _asking(self, error: AskError, args: tuple[Any, ...], options: dict[str, Any]) -> Any:  # noqa: ANN401
        """Run a command on the node that its slot moves to, on the connection that says so."""
        pipe: Pipeline = self.node((error.host, error.port)).pipeline(transaction=False)
        pipe.execute_command("ASKING")
        pipe.execute_command(*args, **options)
        _, answer = await pipe.execute(raise_on_error=False)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _everywhere(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Run a command on all masters that answer; at least one must."""
        answers = await asyncio.gather(
            *(
                self.node(master).execute_command(*args, **options)  # type: ignore[no-untyped-call]
                for master in self._replicas
            ),
            return_exceptions=True,
        )
        good = [answer for answer in answers if not isinstance(answer, BaseException)]
        if not good:
            self.look_again()
            raise cast("BaseException", answers[0])
        return good[0]

    async def _anywhere(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Run a command on some master that answers."""
        failure: Exception = ClusterDownError("no node serves any slot")
        for master in random.sample(list(self._replicas), len(self._replicas)):
            try:
                return await self.node(master).execute_command(*args, **options)  # type: ignore[no-untyped-call]
            except _OF_NODE as error:
                failure = error
                self.note(error)
        raise failure

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> ClusterPipeline:  # noqa: ANN401
        """Return a pipeline.

        A transaction's keys are on one slot. With a key as `shard_hint`, all commands go to that
        key's node, in their order and on one connection, also those without keys; without it and
        without a transaction, each goes to the node of its own.
        """
        return ClusterPipeline(self, transaction=transaction, home=shard_hint)

    async def mget(self, keys: Any, *args: Any) -> list[Any]:  # noqa: ANN401  # type: ignore[override]
        """Return the values of keys, whose slots may be many."""
        wanted = [*([keys] if isinstance(keys, str | bytes) else keys), *args]
        values = dict[Any, Any]()
        async with self.pipeline(transaction=False) as pipe:
            groups = by_slot(wanted)
            for group in groups:
                pipe.execute_command("MGET", *group)
            for group, found in zip(groups, await pipe.execute(), strict=True):
                values.update(zip(group, found, strict=True))
        return [values[key] for key in wanted]

    async def unlink(self, *names: Any) -> int:  # noqa: ANN401  # type: ignore[override]
        """Forget keys, whose slots may be many."""
        async with self.pipeline(transaction=False) as pipe:
            pipe.unlink(*names)
            return sum(await pipe.execute())

    async def publish(self, channel: Any, message: Any, **options: Any) -> int:  # noqa: ANN401  # type: ignore[override]
        """Announce something on a channel, by its slot where the servers can do that."""
        await self.ready()
        command = "SPUBLISH" if self.has_shard_channels else "PUBLISH"
        return int(await self.execute_command(command, channel, message, **options))

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator[PubSub]:
        """Lend what hears a channel, on the node of its slot; errors are those of that node."""
        await self.ready()
        client = self.node_of(slot_of_key(channel))
        try:
            async with client.pubsub() as messages:
                if self.has_shard_channels:
                    await messages.ssubscribe(channel)
                else:
                    await messages.subscribe(channel)
                yield messages
        except REDIS_ERRORS as error:
            self.note(error)
            raise

    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # noqa: ARG002
        """Close the connections to all nodes."""
        if (loading := self._loading) is not None:
            await end(loading)
        for node in list(self._nodes.values()):
            await node.aclose()
