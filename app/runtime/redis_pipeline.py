"""Pipelines to a Redis Cluster: each a pipeline of redis-py to every node that it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import AskError, ClusterDownError, MovedError, TryAgainError, WatchError

from app.runtime.outage import REDIS_ERRORS
from app.runtime.redis_slots import CrossSlotError, Key, by_slot, keys_of, slot_of, slot_of_key

if TYPE_CHECKING:
    from app.runtime.redis_cluster import ClusterRedis

_Stack = list[tuple[tuple[str | bytes, ...], Mapping[str, Any]]]
_NOT_RUN = (AskError, MovedError, TryAgainError)
"""What a node answers that has not run a command."""


class ClusterPipeline(Pipeline):
    """Commands that are sent together; `ClusterRedis.pipeline` makes it."""

    def __init__(self, cluster: ClusterRedis, *, transaction: bool, home: Key | None) -> None:
        super().__init__(cluster.connection_pool, cluster.response_callbacks, transaction, None)
        self._cluster = cluster
        self._home = None if home is None else slot_of_key(home)

    def unlink(self, *names: Any) -> Pipeline:  # noqa: ANN401  # redis-py's
        """Forget keys, whose slots may be many: with one command for each slot."""
        for group in by_slot(names):
            self.execute_command("UNLINK", *group)
        return self

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Run a command under WATCH, on the one node that has what is watched."""
        try:
            await self._go_to(slot_of(*args))
            return await super().immediate_execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except REDIS_ERRORS as error:
            self._cluster.note(error)
            if isinstance(error, MovedError):
                # Its connection is one to the other node.
                await self.reset()  # type: ignore[no-untyped-call]
                raise WatchError("what is watched has moved to another node") from error
            raise

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send the commands and return the answers; raises the first error unless told not to."""
        try:
            await self._cluster.ready()
            if self.explicit_transaction or self.is_transaction or self._home is not None:
                answers = await self._at_one_node()
            else:
                answers = await self._at_all_nodes(self.command_stack)
        finally:
            await self.reset()  # type: ignore[no-untyped-call]
        if raise_on_error and (failure := next(filter(_is_error, answers), None)):
            raise failure
        return answers

    async def _at_one_node(self) -> list[Any]:
        stack, was_watching = self.command_stack, self.watching
        slot = self._one_slot()
        try:
            answers = await self._sent(slot, stack)
            if _all_moved(stack, answers):
                answers = await self._sent(slot, stack)
        except MovedError as error:
            if was_watching:
                raise WatchError("what is watched has moved to another node") from error
            # Nothing of a transaction was run.
            answers = await self._sent(slot, stack)
        return answers

    def _one_slot(self) -> int | None:
        slots = {slot for args, _ in self.command_stack if (slot := slot_of(*args)) is not None}
        if self._home is not None:
            slots.add(self._home)
        if len(slots) > 1:
            raise CrossSlotError(f"a transaction's keys are on {len(slots)} slots")
        return next(iter(slots), None)

    async def _sent(self, slot: int | None, stack: _Stack) -> list[Any]:
        """Send all to one node, and return the answers; learn from the errors among them."""
        try:
            await self._go_to(slot)
            self.command_stack = stack
            answers = await super().execute(raise_on_error=False)
        except REDIS_ERRORS as error:
            self._cluster.note(error)
            raise
        for failure in filter(_is_error, answers):
            self._cluster.note(failure)
        return answers

    async def _at_all_nodes(self, stack: _Stack) -> list[Any]:
        answers: list[Any] = [None] * len(stack)
        of_node = dict[Redis, list[int]]()
        for place, (args, _) in enumerate(stack):
            slot = slot_of(*args)
            if slot is None:
                raise CrossSlotError(f"{args[0]!r} has no key: no node is named for it")
            try:
                of_node.setdefault(self._cluster.node_of(slot), []).append(place)
            except ClusterDownError as error:
                answers[place] = error
        sending = [self._at(node, [stack[n] for n in places]) for node, places in of_node.items()]
        # Most have one node: a task costs as much as a command.
        found = [await sending[0]] if len(sending) == 1 else await asyncio.gather(*sending)
        for places, given in zip(of_node.values(), found, strict=True):
            for place, answer in zip(places, given, strict=True):
                answers[place] = answer
        for place, answer in enumerate(answers):
            if isinstance(answer, _NOT_RUN):
                args, options = stack[place]
                self._cluster.note(answer)
                try:
                    answers[place] = await self._cluster.execute_command(*args, **options)
                except REDIS_ERRORS as error:
                    answers[place] = error
        return answers

    async def _at(self, node: Redis, stack: _Stack) -> list[Any]:
        pipe: Pipeline = node.pipeline(transaction=False)
        pipe.command_stack = list(stack)
        try:
            return list(await pipe.execute(raise_on_error=False))
        except REDIS_ERRORS as error:
            self._cluster.note(error)
            return [error] * len(stack)

    async def _go_to(self, slot: int | None) -> None:
        await self._cluster.ready()
        if self.connection is None and slot is not None:
            self.connection_pool = self._cluster.node_of(slot).connection_pool


def _is_error(answer: object) -> bool:
    return isinstance(answer, Exception)


def _all_moved(stack: _Stack, answers: list[Any]) -> bool:
    """Tell whether nothing was run that has a key: without one, any node runs a command."""
    keyed = [answer for (args, _), answer in zip(stack, answers, strict=True) if keys_of(*args)]
    return bool(keyed) and all(isinstance(answer, MovedError) for answer in keyed)
