"""Writers and publishers of top lists, step by step, and a recount of what they should show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import redis.asyncio

from app.ingest.insert import Inserter
from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from app.ingest.rows import ReceivedEvent
from app.runtime.pool import Pool
from app.top.changes import hold
from app.top.lists import Head, Version, read_heads
from app.top.live_counts import LiveCounts
from app.top.publisher import TopPublisher
from app.top.queries import TopListSettings, top_list_counts, top_lists
from tests.sql.oracle import Event, counts
from tests.sql.world import World

LISTS = {
    "top_viewed": ("viewed", "7d"),
    "top_viewed_today": ("viewed", "today"),
    "top_liked_week": ("liked", "week"),
    "top_commented_month": ("commented", "month"),
    "top_creators": ("creators", "7d"),
    "top_creators_today": ("creators", "today"),
}
"""The rankings that the tests keep, and how the API calls them."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = datetime(2026, 3, 29, 23, 58, tzinfo=UTC)
"""Two minutes before a new day, which is a Monday's."""
CREATORS = ("x", "y", None, "x", "z")


class Writer:
    """Inserts as a writer does; what it committed waits until it is flushed."""

    def __init__(self, pool: Pool, client: redis.asyncio.Redis) -> None:
        self.pool = pool
        self.live = LiveCounts(client, pool)
        self.inserter = Inserter(late_seconds=3_600, on_commit=self.live.add)

    async def insert(
        self, events: Iterable[Event], names: Sequence[str], *, again: bool = False
    ) -> None:
        """Insert what is new of the events; item 1 is the first of the names."""
        packed = [_packed(event, names) for event in events]
        now = max((received_at for _, received_at in packed), default=0)
        async with self.pool.connection() as connection:
            await self.inserter.insert(connection, packed, now=now, seen_before=again)


class TopStage:
    """A small world with two writers, a publisher and an API."""

    def __init__(
        self,
        world: World,
        api: httpx.AsyncClient,
        pool: Pool,
        client: redis.asyncio.Redis,
    ) -> None:
        self.world = world
        self.api = api
        self.pool = pool
        self.redis = client
        self.names: list[str] = []
        self.events: dict[object, Event] = {}
        """Everything committed, once."""
        self.writers = [Writer(pool, client) for _ in range(2)]
        self.now = 0.0
        self.publisher = TopPublisher(pool=pool, redis=client, clock=lambda: self.now)

    @classmethod
    async def small(
        cls, world: World, api: httpx.AsyncClient, pool: Pool, client: redis.asyncio.Redis
    ) -> TopStage:
        """Make one whose lists are so short that some items are always left out of them."""
        await world.only(*LISTS)
        await world.execute("update core.ranking set size = 2, schedule = '30 3 * * *'")
        return cls(world, api, pool, client)

    async def half_published(self) -> tuple[str, Version]:
        """Begin to replace a list, as a publisher that then dies; return its token and the list."""
        assert await hold(self.redis, token="dead", seconds=600)
        async with self.pool.connection() as connection:
            wanted = (await self.settings())["top_viewed"]
            counted = await top_list_counts(
                connection, window="7d", metric="views", subject="item", content_type=None, most=4
            )
        assert counted is not None
        return "dead", self.publisher.version_of(wanted, counted, most=4)

    async def settings(self) -> dict[str, TopListSettings]:
        """Return what the database says of each list, by its ranking."""
        async with self.pool.connection() as connection:
            return {one.ranking: one for one in await top_lists(connection)}

    async def items(self, *creators: str | None) -> None:
        """Register items named a, b, c, … of these creators."""
        self.names = [chr(ord("a") + number) for number in range(len(creators))]
        for name, creator in zip(self.names, creators, strict=True):
            await self.world.item(name, creator=creator)

    async def write(self, events: Sequence[Event], *, writer: int = 0, again: bool = False) -> None:
        """Commit events by way of a writer."""
        await self.writers[writer].insert(events, self.names, again=again)
        for event in events:
            self.events.setdefault(event.id, event)

    async def flush(self) -> bool:
        """Bring what waits to the lists; False where a publisher holds writers up."""
        done = [await writer.live.flush() for writer in self.writers]
        return all(done)

    async def publish(self) -> int:
        """Publish what is due, as the publisher does every few seconds."""
        return await self.publisher.publish()

    async def heads(self) -> dict[str, Head]:
        return await read_heads(self.redis, LISTS)

    async def shown(self, ranking: str) -> list[tuple[str, float]]:
        """Return what the API shows of a list: ids and counts, best first."""
        name, period = LISTS[ranking]
        answer = await self.api.get(
            f"/analytics/top/{name}", params={"period": period, "limit": 100}
        )
        assert answer.status_code == 200, answer.text
        return [(item["contentId"], item["count"]) for item in answer.json()["items"]]

    async def assert_recounted(self) -> None:
        """Every published list is what a recount of all that was committed makes of it.

        Of one that the publisher is to count anew, the counts of those who are in it.
        """
        async with self.pool.connection() as connection:
            due = {one.ranking for one in await top_lists(connection) if await self.is_due(one)}
        for ranking, head in (await self.heads()).items():
            counted = {name: count for name, count in self.recount(head).items() if count > 0}
            places = [(-count, self._tie(head, name), name) for name, count in counted.items()]
            expected = [(name, -count) for count, _, name in sorted(places)]
            shown = await self.shown(ranking)
            if ranking in due:
                assert [place for place in expected if place in shown] == shown, ranking
            else:
                assert shown == expected[: head.size], ranking

    async def is_due(self, wanted: TopListSettings) -> bool:
        """Tell whether a run, or what was taken back, makes a list due, whatever the time."""
        head = (await self.heads()).get(wanted.ranking)
        if head is not None:
            head = msgspec.structs.replace(head, published_at=self.now)
        return await self.publisher.is_due(wanted, head)

    def recount(self, head: Head) -> dict[str, float]:
        """Count every event since the list's window began, one by one."""
        found: dict[str, float] = {}
        for event in self.events.values():
            since = EPOCH + timedelta(microseconds=head.since or 0)
            if event.counted and event.at > since:
                item = self.world.items[event.item - 1]
                name = self.names[event.item - 1] if head.subject == "item" else item.creator
                if name is not None:
                    amount = getattr(counts(event), head.metric)
                    found[name] = found.get(name, 0) + amount
        return found

    def _tie(self, head: Head, name: str) -> object:
        return name if head.subject != "item" else self.names.index(name)


def _packed(event: Event, names: Sequence[str]) -> ReceivedEvent:
    return ReceivedEvent(
        PackedEvent(
            event_id=event.id.bytes,
            occurred_at=(event.at - EPOCH) // timedelta(microseconds=1),
            content_type="video",
            content_id=names[event.item - 1],
            type=TYPE_NUMBERS[event.type],
            count=event.count,
            seconds=event.seconds,
            uncounted_because=None if event.counted else "bot",
        ),
        (event.received_at - EPOCH) // timedelta(microseconds=1),
    )


def views(item: int, count: int, at: datetime) -> Event:
    """Make views that came as they happened."""
    return event_of("view", item, count, at)


def event_of(type_: str, item: int, count: int, at: datetime) -> Event:
    """Make an event that came as it happened."""
    return Event(item=item, type=type_, occurred_at=at, received_at=at, count=count)
