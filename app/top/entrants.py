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
from app.top.members import members_of
from app.top.queries import TopListCounts, top_list_counts

COUNT_SECONDS = 3.0
"""Longest time that counting may take; who is not counted by then waits for the next recount."""
HOLD_MARGIN = 2.0
MOVED_SECONDS = 0.5
"""How long to wait for a publisher."""
LEISURE = 9
"""Counting takes a tenth of the time at most: it rests so many times as long as it took..."""
LONGEST_REST = 5.0
"""...and so many seconds at most."""


class Entrants:
    """Those of whom something was committed and who are not in a list, until they are counted."""

    def __init__(self, redis: Redis, pool: Pool) -> None:
        self._redis = redis
        self._pool = pool
        self._waiting: dict[str, set[Key]] = {}
        self._moved: dict[str, str] = {}
        """Lists whose window has moved on: to be counted as a whole, instead of this version."""
        self._outage = Outage("entrants of top lists")
        self.rest = 0.0
        """How long to wait before more are counted, in seconds."""

    def __bool__(self) -> bool:
        """Tell whether anybody waits."""
        return bool(self._waiting)

    def note(self, entrants: Mapping[str, Collection[Key]]) -> None:
        """Take who has got something, by list."""
        for ranking, those in entrants.items():
            self._waiting.setdefault(ranking, set()).update(those)

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
            async with holding(self._redis, seconds=COUNT_SECONDS + HOLD_MARGIN) as token:
                if token is not None:
                    known = await self._admit(known, token)
        except (*DATABASE_ERRORS, *REDIS_ERRORS) as error:
            self._waiting.clear()
            self._outage.failed(error)
        else:
            self._outage.over()
        self.rest = min(LEISURE * (time.monotonic() - began), LONGEST_REST)
        return known

    async def _admit(self, before: dict[str, Known], token: str) -> dict[str, Known]:
        known = await read_known(self._redis, before)
        async with borrowed(self._pool, within=COUNT_SECONDS) as connection:
            for ranking in list(self._waiting):
                one = known.get(ranking)
                if one is None or one.head is None:
                    del self._waiting[ranking]
                    continue
                if self._moved.get(ranking) == one.version:
                    continue
                those = self._waiting[ranking] - one.members.keys()
                counted = await _count(connection, one.head, those) if those else None
                if counted is not None and _since(counted) != one.head.since:
                    self._moved[ranking] = one.version
                    continue
                del self._waiting[ranking]
                self._moved.pop(ranking, None)
                entering = [
                    (member, count)
                    for member, count in (members_of(counted) if counted else ())
                    if (count, member) > one.head.floor
                ]
                if entering and counted is not None:
                    await admit(
                        self._redis,
                        one,
                        token=token,
                        ranking=ranking,
                        snapshot=counted.snapshot,
                        counts=entering,
                    )
        return await read_known(self._redis, known)


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
