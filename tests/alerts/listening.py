"""Callers of the event stream, and what they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from app.alerts.feed import AlertFeed, StreamEvent
from app.runtime.notifications import of_database
from tests.sql.world import AS_OF, World


class Heard:
    """What one caller is sent, for as long as it listens."""

    def __init__(self, events: AsyncIterator[StreamEvent | None]) -> None:
        self._events = events
        self.ids: list[int] = []
        self.position: int | None = None
        self.beats = 0
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for event in self._events:
            if event is None:
                self.beats += 1
                continue
            self.position = event.alert_id
            if event.data is None:
                self.beats += 1
            else:
                assert msgspec.json.decode(event.data)["id"] == f"alert_{event.alert_id}"
                self.ids.append(event.alert_id)

    async def begun(self) -> bool:
        return self.position is not None

    async def has(self, *ids: int) -> bool:
        assert self.ids == list(ids)
        return True

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})

    async def beaten(self, beats: int) -> bool:
        return self.beats >= beats


@asynccontextmanager
async def following(feed: AlertFeed) -> AsyncIterator[AlertFeed]:
    task = asyncio.create_task(feed.run(of_database(feed.settings, "alert")))
    yield feed
    feed.close()
    task.cancel()
    await asyncio.wait({task})


async def raise_one(world: World, subscription: int) -> int:
    return int(await world.value("select api.test_alert(%s, %s)", subscription, AS_OF))
