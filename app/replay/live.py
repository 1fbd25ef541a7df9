"""Synthetic live traffic: what a site's visitors might send, the same for the same seed."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from app.errors import GroundswellError
from app.http.wire import id_text
from app.ingest.wire import EventIn, EventType
from app.items.wire import ItemIn
from app.replay.events import uuid7_of
from app.replay.sender import BATCH, Sender
from app.replay.timeline import daily_curve

_MIXTURE: dict[EventType, float] = {
    "view": 0.82,
    "watch_time": 0.08,
    "like": 0.06,
    "comment": 0.02,
    "share": 0.015,
    "unlike": 0.005,
}
_ZIPF = 1.0
"""Exponent: the item of rank n gets 1/n of what the first gets."""
_SWAPS_A_MINUTE = 6
"""How many neighbours in the order of popularity change places each minute."""
_SPIKE_EVERY = 180.0
"""Mean seconds from the end of one spike to the next."""
_SPIKE_SECONDS = 120.0
_SPIKE_SHARE = 0.35
"""Part of all traffic that goes to an item while it spikes."""
_VISITORS = 5_000


class Spike(msgspec.Struct, frozen=True, kw_only=True):
    """One item that everybody looks at for a while."""

    item: ItemIn
    until: datetime


class Traffic:
    """Makes up the events of one second after another; `rate` is their mean number a second."""

    def __init__(self, items: Sequence[ItemIn], *, rate: float, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # nothing here is a secret
        self._order = self._random.sample(list(items), len(items))
        self._weights = list(
            itertools.accumulate(1 / rank**_ZIPF for rank in range(1, len(items) + 1))
        )
        self._rate = rate
        self._spike: Spike | None = None

    def second(self, now: datetime) -> tuple[list[EventIn], Spike | None]:
        """Return the events of the second before `now`, and the spike that begins in it."""
        begun = self._turn(now)
        expected = self._rate * daily_curve(now)
        amount = max(round(self._random.gauss(expected, expected**0.5)), 0)
        times = sorted(self._random.random() for _ in range(min(amount, BATCH)))
        start = now - timedelta(seconds=1)
        return [self._event(start + timedelta(seconds=offset)) for offset in times], begun

    def _turn(self, now: datetime) -> Spike | None:
        """Let popularity drift, and end or begin a spike."""
        if len(self._order) > 1 and self._random.random() < _SWAPS_A_MINUTE / 60:
            rank = self._random.randrange(len(self._order) - 1)
            self._order.insert(self._random.randrange(rank + 1), self._order.pop(rank + 1))
        if self._spike and now >= self._spike.until:
            self._spike = None
        if self._spike or self._random.random() > 1 / _SPIKE_EVERY:
            return None
        until = now + timedelta(seconds=_SPIKE_SECONDS)
        self._spike = Spike(item=self._random.choice(self._order), until=until)
        return self._spike

    def _event(self, moment: datetime) -> EventIn:
        if self._spike and self._random.random() < _SPIKE_SHARE:
            item = self._spike.item
        else:
            (item,) = self._random.choices(self._order, cum_weights=self._weights)
        (kind,) = self._random.choices(list(_MIXTURE), weights=list(_MIXTURE.values()))
        visitor = self._random.randrange(_VISITORS)
        milliseconds = int(moment.timestamp() * 1_000)
        return EventIn(
            id=uuid7_of(milliseconds, self._random.randbytes(10)),
            type=kind,
            content_id=id_text(item.content_id),
            content_type=item.content_type,
            occurred_at=datetime.fromtimestamp(milliseconds / 1_000, UTC),
            user_id=f"visitor-{visitor}" if visitor % 3 == 0 else None,
            session_id=f"session-{visitor}-{moment:%Y%m%d%H}",
            seconds=round(self._random.expovariate(1 / 90), 1) if kind == "watch_time" else None,
        )


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
            say(f"spike: {spike.item.title} for {_SPIKE_SECONDS / 60:.0f} min")
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
