"""Synthetic live traffic: what a site's visitors might send, the same for the same seed."""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from app.errors import GroundswellError
from app.ingest.wire import EventIn
from app.items.wire import ItemIn
from app.replay.sender import BATCH, Sender
from app.replay.timeline import daily_curve
from app.replay.visits import ACTIONS, Visitors, event_at, lumps_at

FIRST_SPIKE = 40.0
"""Seconds after which the first one begins, so that whoever has just started it sees one."""
_SPIKE_EVERY = 600.0
"""Mean seconds from the end of one spike to the next."""
SPIKE_SECONDS = 240.0
_SPIKE_PEAK = 10.0
"""Views of an item at the height of its spike, for one of all others."""
_POPULAR = 20
"""The first of the items spike never: nobody would see it."""
_MOST_VISITS = BATCH // 4
"""In a second: their events are sent together."""
_UNLIKE = 0.05
"""Part of likes that are taken back."""


class Spike(msgspec.Struct, frozen=True, kw_only=True):
    """One item that everybody looks at for a while: first few, then many, then few again."""

    item: ItemIn
    since: datetime
    until: datetime

    def height(self, now: datetime) -> float:
        """Return how far it is up, from 0 to 1."""
        return math.sin(math.pi * (now - self.since) / (self.until - self.since)) ** 2


class Traffic:
    """Makes up the events of one second after another; `rate` is their mean views a second.

    `items` are in the order of their popularity, the first most popular. No more likes are taken
    back than were given.
    """

    def __init__(self, items: Sequence[ItemIn], *, rate: float, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # nothing here is a secret
        self._visitors = Visitors(items, chance=self._chance)
        self._unpopular = list(items[_POPULAR:] or items)
        self._rate = rate
        self._spike: Spike | None = None
        self._next_spike: datetime | None = None
        self._likes: deque[EventIn] = deque(maxlen=1_000)

    def second(self, now: datetime) -> tuple[list[EventIn], Spike | None]:
        """Return the events of the second before `now`, and the spike that begins in it."""
        begun = self._turn(now)
        expected = self._rate * daily_curve(now)
        amount = max(round(self._chance.gauss(expected, expected**0.5)), 0)
        start = now.timestamp() - 1
        times = sorted(start + self._chance.random() for _ in range(min(amount, _MOST_VISITS)))
        events = [event for at in times for event in self._visitors.visit(at)]
        if self._spike:
            views = self._rate * _SPIKE_PEAK * self._spike.height(now)
            events += lumps_at(start + 0.5, item=self._spike.item, views=views, chance=self._chance)
        events += self._taken_back(now)
        self._likes += (event for event in events if event.type == "like" and event.user_id)
        return events, begun

    def _turn(self, now: datetime) -> Spike | None:
        """End or begin a spike."""
        if self._next_spike is None:
            self._next_spike = now + timedelta(seconds=FIRST_SPIKE)
        if self._spike and now >= self._spike.until:
            self._spike = None
            pause = self._chance.uniform(0.5, 1.5) * _SPIKE_EVERY
            self._next_spike = now + timedelta(seconds=pause)
        if self._spike or now < self._next_spike:
            return None
        self._spike = Spike(
            item=self._chance.choice(self._unpopular),
            since=now,
            until=now + timedelta(seconds=SPIKE_SECONDS),
        )
        return self._spike

    def _taken_back(self, now: datetime) -> Iterator[EventIn]:
        """Yield an unlike of a like from before, now and then."""
        if self._likes and self._chance.random() < _UNLIKE * self._rate * ACTIONS["like"]:
            liked = self._likes.popleft()
            event = event_at(
                now.timestamp() - 0.5,
                item=ItemIn(content_id=liked.content_id, content_type=liked.content_type),
                kind="unlike",
                chance=self._chance,
            )
            yield msgspec.structs.replace(event, user_id=liked.user_id, session_id=liked.session_id)


async def send_traffic(
    traffic: Traffic,
    *,
    url: str,
    say: Callable[[str], None],
    patience: float = 5.0,
) -> None:
    """Send `traffic` to the API at `url` each second, for ever and through any outage.

    A second that cannot be sent within `patience` seconds is lost, as a visitor's would be. Spikes
    and outages are told to `say`.
    """
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        await send_each_second(traffic, post=Sender(client, patience=patience).post_events, say=say)


async def send_each_second(
    traffic: Traffic,
    *,
    post: Callable[[list[EventIn]], Awaitable[object]],
    say: Callable[[str], None],
) -> None:
    """Give the events of each second to `post`, for ever, also while it raises our errors."""
    away = False
    while True:
        await asyncio.sleep(1)
        events, spike = traffic.second(datetime.now(UTC))
        if spike:
            say(f"spike: {spike.item.title} takes off for {SPIKE_SECONDS / 60:.0f} minutes")
        if not events:
            continue
        try:
            await post(events)
        except GroundswellError as error:
            if not away:
                say(f"live traffic is not taken: {error.detail}")
            away = True
        else:
            if away:
                say("live traffic is taken again")
            away = False
