"""Who is not in a top list and may belong there: counted by the database, and admitted."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from psycopg import AsyncConnection
from redis.asyncio import Redis

from app.runtime.moments import microseconds
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.top.changes import admit, holding
from app.top.lists import Head, Key, Known, read_known
from app.top.members import item_of, members_of, name_of
from app.top.queries import TopListCounts, top_list_counts

COUNT_SECONDS = 3.0
"""Longest time that counting those of one list may take; else they wait for its next recount."""
TURN_SECONDS = 0.5
"""After so long, the other lists wait for the next turn."""
HOLD_SECONDS = COUNT_SECONDS + TURN_SECONDS + 2.0
MOVED_SECONDS = 0.5
"""How long to wait for a publisher."""
LEISURE = 9
"""Counting takes a tenth of the time at most: it rests so many times as long as it took..."""
LONGEST_REST = 5.0
"""...and so many seconds at most."""
SHARE = 8
"""Who is short of the floor is counted again once this process has seen this part of what is
missing: so many processes may write at once, and none is missed."""


class Entrants:
    """Those of whom something was committed and who are not in a list, until they are counted."""

    def __init__(self, redis: Redis, pool: Pool) -> None:
        self._redis = redis
        self._pool = pool
        self._waiting: dict[str, set[Key]] = {}
        self._short: dict[str, dict[Key, float]] = {}
        """By list, of those who were counted and found below its floor, what they may get before
        they are counted again."""
        self._tokens: dict[str, str] = {}
        """By list, the version that this is true of."""
        self._moved: dict[str, str] = {}
        """Lists whose window has moved on: to be counted as a whole, instead of this version."""
        self._outage = Outage("entrants of top lists")
        self.rest = 0.0
        """How long to wait before more are counted, in seconds."""

    def __bool__(self) -> bool:
        """Tell whether anybody waits."""
        return bool(self._waiting)

    def note(self, entrants: Mapping[str, Mapping[Key, float]], known: Mapping[str, Known]) -> None:
        """Take what those got who are not in a list, of those that are known."""
        for ranking, those in entrants.items():
            waiting, short = self._waiting.get(ranking, set()), self._short_of(ranking, known)
            for key, amount in those.items():
                left = short.get(key, 0) - amount
                if left > 0:
                    short[key] = left
                else:
                    waiting.add(key)
            if waiting:
                self._waiting[ranking] = waiting

    async def admit(self, known: dict[str, Known]) -> dict[str, Known]:
        """Count who waits, admit who belongs in a list, and return the lists as they are then.

        Where somebody else holds the lists, they wait for the next time. Where Redis or the
        database fails, whoever belongs in a list is in it when that is next counted as a whole.
        """
        self.rest = 0.0
        if not any(self._moved.get(name) != _version(known, name) for name in self._waiting):
            # It is looked at again once the publisher has counted it.
            self.rest = MOVED_SECONDS if self._waiting else 0.0
            return known
        began = time.monotonic()
        try:
            async with holding(self._redis, seconds=HOLD_SECONDS) as token:
                if token is not None:
                    known = await self._admit(known, token, until=began + TURN_SECONDS)
        except (*DATABASE_ERRORS, *REDIS_ERRORS) as error:
            self._waiting.clear()
            self._outage.failed(error)
        else:
            self._outage.over()
        self.rest = min(LEISURE * (time.monotonic() - began), LONGEST_REST)
        return known

    async def _admit(
        self, before: dict[str, Known], token: str, *, until: float
    ) -> dict[str, Known]:
        known = await read_known(self._redis, before)
        for ranking in list(self._waiting):
            if time.monotonic() > until:
                break
            one = known.get(ranking)
            if one is None or one.head is None:
                del self._waiting[ranking]
            elif self._moved.get(ranking) != one.version:
                await self._admit_to(ranking, one, one.head, token)
        return await read_known(self._redis, known)

    async def _admit_to(self, ranking: str, known: Known, head: Head, token: str) -> None:
        those = self._waiting.pop(ranking) - known.members.keys()
        if not those:
            return
        async with borrowed(self._pool, within=COUNT_SECONDS) as connection:
            counted = await _count(connection, head, those)
        if counted is not None and _since(counted) != head.since:
            self._moved[ranking] = known.version
            self._waiting[ranking] = those
            return
        self._moved.pop(ranking, None)
        places = members_of(counted) if counted else []
        entering = [(member, count) for member, count in places if (count, member) > head.floor]
        key_of = item_of if head.subject == "item" else name_of
        self._short_of(ranking, {ranking: known}).update(
            (key_of(member), left)
            for member, count in places
            if (left := (head.floor[0] - count) / SHARE) > 0
        )
        if entering and counted is not None:
            await admit(
                self._redis,
                known,
                token=token,
                ranking=ranking,
                snapshot=counted.snapshot,
                counts=entering,
            )

    def _short_of(self, ranking: str, known: Mapping[str, Known]) -> dict[Key, float]:
        """Return who is known to be short; a list that was counted anew has another floor."""
        token = known[ranking].version.partition(":")[0]
        if self._tokens.get(ranking) != token:
            self._tokens[ranking], self._short[ranking] = token, {}
        return self._short[ranking]


async def _count(
    connection: AsyncConnection[tuple[object, ...]], head: Head, those: Collection[Key]
) -> TopListCounts | None:
    is_item = head.subject == "item"
    return await top_list_counts(
        connection,
        window=head.window,
        metric=head.metric,
        subject=head.subject,
        content_type=head.content_type,
        most=len(those),
        item_ids=[key for key in those if isinstance(key, int)] if is_item else None,
        names=None if is_item else [key for key in those if isinstance(key, str)],
    )


def _version(known: Mapping[str, Known], ranking: str) -> str | None:
    one = known.get(ranking)
    return None if one is None else one.version


def _since(counted: TopListCounts) -> int | None:
    return None if counted.since is None else microseconds(counted.since)
