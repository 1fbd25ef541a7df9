"""The ingest stream: the form of its entries, and the coalescing way into it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha1
from typing import Any, NamedTuple

import msgspec
import redis.asyncio
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from app.ingest import keys
from app.ingest.limits import APPEND_LIMITED, Limit, Standing
from app.ingest.packing import PackedEvent, UnreadableEntryError, joined, pack, unpack
from app.ingest.waiting import Waiting, ask_waiting, read_waiting

VERSION = b"1"
_APPEND_LIMITED_SHA = sha1(APPEND_LIMITED.encode(), usedforsecurity=False).hexdigest()

Fields = dict[bytes, bytes]
"""A stream entry as Redis holds it: `v` version, `r` receipt in microseconds, `e` events, `w`."""

JOINED_BYTES = 262_144
"""Up to here, packed events of several requests become one entry."""

Fault = tuple[int, str]
"""Position in its entry of an event that could not be written, and why."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the writer tells a caller who waits, once the entry is written."""

    faults: list[Fault]
    duplicates: int | None
    """How many of its events were there before; None where the writer cannot tell."""


class Entry(NamedTuple):
    """The accepted events of one request, or of several that came at once."""

    received_at: int
    """Microseconds since 1970."""
    events: list[PackedEvent]
    request_id: str | None = None
    """Set when the caller waits to hear that the entry was written (`keys.reply`)."""


class Sealed(NamedTuple):
    """An entry that is packed: while it waits for Redis, its events need not be kept."""

    fields: Fields
    events: int
    """How many."""
    cost: int
    """What limits take for the request, events that were refused included."""

    def opened(self) -> Entry:
        """Return the entry again."""
        return from_fields(self.fields)


def to_fields(entry: Entry) -> Fields:
    """Return the stream fields of `entry`."""
    fields = {b"v": VERSION, b"r": b"%d" % entry.received_at, b"e": pack(entry.events)}
    if entry.request_id is not None:
        fields[b"w"] = entry.request_id.encode()
    return fields


def sealed(entry: Entry, *, cost: int | None = None) -> Sealed:
    """Return `entry` as the stream carries it; it costs as many as it has if not said otherwise."""
    events = len(entry.events)
    return Sealed(to_fields(entry), events, events if cost is None else cost)


def from_fields(fields: Fields) -> Entry:
    """Return the entry in `fields`, or raise `UnreadableEntryError`."""
    if fields.get(b"v") != VERSION:
        raise UnreadableEntryError(f"format version {fields.get(b'v')!r} is unknown")
    try:
        received_at, events = int(fields[b"r"]), unpack(fields[b"e"])
    except (KeyError, ValueError) as error:
        raise UnreadableEntryError(f"broken entry: {error}") from error
    request_id = fields[b"w"].decode() if b"w" in fields else None
    return Entry(received_at, events, request_id)


class Appended(NamedTuple):
    """How an append ended."""

    allowed: bool
    standings: list[Standing]
    """One for each limit, in their order."""


class _Append(NamedTuple):
    fields: Fields
    events: int
    cost: int
    limits: tuple[Limit, ...]
    done: asyncio.Future[Appended]

    @property
    def may_be_joined(self) -> bool:
        """Whether it needs no answer of its own."""
        return not self.limits and b"w" not in self.fields

    def tell(self, answer: Any) -> None:  # noqa: ANN401  # of Redis
        """Let the caller know, if it has not left."""
        if self.done.done():
            return
        if isinstance(answer, Exception):
            self.done.set_exception(_as_redis_error(answer))
        else:
            self.done.set_result(_appended(self.limits, answer))


_UNLIMITED = Appended(allowed=True, standings=[])


LAGGING_SECONDS = 10
"""How long a replica may have been silent to be waited for; Redis would not make it the master."""


class NotReplicatedError(RedisError):
    """An entry is in Redis, and a replica has not said in time that it has it, too."""


class _Turns:
    """Appends of one kind, and the write that is under way."""

    def __init__(self, write: Callable[[list[_Append]], Awaitable[None]]) -> None:
        self._write = write
        self.waiting: list[_Append] = []
        self.writing: asyncio.Task[None] | None = None

    def add(self, append: _Append) -> None:
        self.waiting.append(append)
        if self.writing is None:
            self.writing = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        try:
            # The task starts on the next turn of the loop: requests of this turn are all here.
            while self.waiting:
                batch, self.waiting = self.waiting, []
                await self._write(batch)
        finally:
            self.writing = None


class StreamAppender:
    """Append entries to the stream, many at once.

    One pipelined write is under way at a time, and one that waits for a replica; what arrives
    meanwhile goes with the next one, so that a durable append (`appendfsync always`) is paid once
    for all of them. They become one entry where they can: Redis reads 16 kB at a time, and syncs
    its file after each command that it finds in them.
    """

    def __init__(  # what it writes to, and how
        self,
        redis_client: redis.asyncio.Redis,
        *,
        stream: str = keys.EVENT_STREAM,
        replica_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        backlog_max_age: float = 0.5,
    ) -> None:
        self._redis = redis_client
        self._stream = stream
        self._replica_milliseconds = max(1, round(replica_seconds * 1_000))
        self._clock = clock
        self._backlog_max_age = backlog_max_age
        self._turns = {
            is_replicated: _Turns(partial(self._write, is_replicated=is_replicated))
            for is_replicated in (False, True)
        }
        self._replicas = 1
        self._backlog = Waiting(0, 0, 0.0)
        self._measured_at = -backlog_max_age

    async def append(
        self, entry: Sealed, limits: tuple[Limit, ...] = (), *, is_replicated: bool = False
    ) -> Appended:
        """Return once Redis has the entry, or has refused it because of one of `limits`.

        Raises `RedisError` when Redis may not have it, and `NotReplicatedError` when it was to be
        replicated, and not all replicas are known to have it.
        """
        done = asyncio.get_running_loop().create_future()
        self._turns[is_replicated].add(_Append(*entry, limits, done))
        appended: Appended = await done
        return appended

    def is_gathering(self, *, is_replicated: bool) -> bool:
        """Tell whether some entries wait for the next write, so that another costs little."""
        return bool(self._turns[is_replicated].waiting)

    def is_idle(self, *, is_replicated: bool) -> bool:
        """Tell whether an entry would be written at once."""
        return self._turns[is_replicated].writing is None

    async def backlog(self) -> Waiting:
        """Return what waits to be written, at most `backlog_max_age` seconds old.

        Raises `RedisError` when Redis cannot tell.
        """
        if (now := self._clock()) - self._measured_at > self._backlog_max_age:
            # Said before it is done, so that one request asks and the others go on.
            self._measured_at = now
            try:
                self._backlog = await self._measured()
            except BaseException:
                # What was known before an outage is not known after it.
                self._measured_at = -self._backlog_max_age
                raise
        return self._backlog

    async def _measured(self) -> Waiting:
        pipeline = self._pipeline()
        ask_waiting(pipeline, self._stream)
        pipeline.info("memory")
        pipeline.info("replication")
        *answers, memory, replication = await pipeline.execute()
        self._replicas = max(1, _following(replication))
        return read_waiting(answers)._replace(most=memory.get("maxmemory", 0))

    def _pipeline(self) -> Pipeline:
        """Return a pipeline to the server that has the stream, on one connection."""
        return self._redis.pipeline(transaction=False, shard_hint=self._stream)

    async def _write(self, batch: list[_Append], *, is_replicated: bool) -> None:
        groups = _joinable(batch)
        try:
            answers = await self._sent(groups, is_replicated=is_replicated)
        except (RedisError, OSError) as error:
            answers = [_as_redis_error(error)] * len(groups)
        except BaseException:
            for append in batch:
                append.done.cancel()
            raise
        for group, answer in zip(groups, answers, strict=True):
            for append in group:
                append.tell(answer)
        # Known to be too high once the writers have taken some, until it is measured again.
        self._backlog = self._backlog._replace(entries=self._backlog.entries + len(groups))

    async def _sent(self, groups: list[list[_Append]], *, is_replicated: bool) -> list[Any]:
        """Send the groups and return Redis's answers, errors among them."""
        if len(groups) == 1 and not groups[0][0].limits and not is_replicated:
            # By itself it costs two thirds of a pipeline of one.
            answer = await self._redis.execute_command(*self._add(groups[0]))  # type: ignore[no-untyped-call]
            return [answer]
        pipeline = self._pipeline()
        # The script goes along once, with the first that needs it; by its hash thereafter.
        script: tuple[str, str] = ("EVAL", APPEND_LIMITED)
        for group in groups:
            if limits := group[0].limits:
                pipeline.execute_command(
                    *script,
                    1 + len(limits),
                    self._stream,
                    *(limit.bucket for limit in limits),
                    group[0].cost,
                    *(limit.per_minute for limit in limits),
                    *_parts_of(group),
                )
                script = ("EVALSHA", _APPEND_LIMITED_SHA)
            else:
                pipeline.execute_command(*self._add(group))
        if not is_replicated:
            return list(await pipeline.execute(raise_on_error=False))
        # It waits for what this connection has written, so it goes by the same.
        # For all of them: any may be the next master, and who chooses it looks at how far each
        # was some seconds ago.
        pipeline.execute_command("WAIT", self._replicas, self._replica_milliseconds)
        *answers, confirmed = await pipeline.execute(raise_on_error=False)
        if isinstance(confirmed, int) and confirmed >= self._replicas:
            return answers
        return [self._not_replicated() if _is_stored(answer) else answer for answer in answers]

    def _not_replicated(self) -> NotReplicatedError:
        seconds = self._replica_milliseconds / 1_000
        return NotReplicatedError(f"not all replicas confirmed an entry within {seconds:g} s")

    def _add(self, group: list[_Append]) -> tuple[str | bytes, ...]:
        return ("XADD", self._stream, "*", *_parts_of(group))


def _following(replication: dict[str, Any]) -> int:
    """Return how many replicas Redis says that follow it."""
    replicas = (
        replication.get(f"slave{n}", {}) for n in range(replication.get("connected_slaves", 0))
    )
    return sum(
        replica.get("state") == "online" and replica.get("lag", 0) < LAGGING_SECONDS
        for replica in replicas
    )


def _joinable(batch: list[_Append]) -> list[list[_Append]]:
    """Cut a batch into groups, each of which is one entry."""
    groups: list[list[_Append]] = []
    room = 0
    for append in batch:
        size = len(append.fields[b"e"])
        if append.may_be_joined and size <= room:
            groups[-1].append(append)
            room -= size
        else:
            groups.append([append])
            room = JOINED_BYTES - size if append.may_be_joined else 0
    return groups


def _parts_of(group: list[_Append]) -> list[bytes]:
    """Return one entry's names and values; it was all received at its last part's moment."""
    fields = group[-1].fields
    if len(group) > 1:
        payloads = [append.fields[b"e"] for append in group]
        fields = {**fields, b"e": joined(payloads, sum(append.events for append in group))}
    return [part for pair in fields.items() for part in pair]


def _appended(limits: tuple[Limit, ...], answer: Any) -> Appended:  # noqa: ANN401  # of Redis
    if not limits:
        return _UNLIMITED
    allowed, *ahead = answer
    return Appended(bool(allowed), list(map(Standing, limits, ahead)))


def _is_stored(answer: Any) -> bool:  # noqa: ANN401  # of Redis
    """Tell whether an answer says that Redis has an entry: its id, or that limits allow it."""
    return isinstance(answer, bytes) or (isinstance(answer, list) and bool(answer[0]))


def _as_redis_error(error: Exception) -> RedisError:
    return error if isinstance(error, RedisError) else RedisError(str(error))
