"""The event stream of alerts: one look-out wakes all callers of a process, and each reads its own.

A caller is its place in the order of alert ids: nothing waits for it in memory but one page.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import TypeAlias

import msgspec

from app.alerts import metrics
from app.alerts.errors import TooManyStreamsError
from app.alerts.message import encode_message
from app.alerts.queries import RaisedAlert, alerts_after, newest_alert
from app.runtime.notifications import Notifications
from app.runtime.outage import DATABASE_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import first_of
from app.settings import Settings

CHANNEL = "alert"
"""The database notifies it when alerts were raised."""
POLL_SECONDS = 5.0
"""How often alerts are looked for although nothing was notified."""
GATHER_SECONDS = 0.1
"""Alerts raised within it wake the streams once: each of them then asks the database."""
HEARTBEAT_SECONDS = 15.0
"""Longest silence: proxies close a connection that says nothing, and a caller that has gone is
noticed by it."""
PAGE = 500


_Page: TypeAlias = tuple[int, list[RaisedAlert]]
_Read: TypeAlias = Callable[[int, int], Awaitable[_Page]]


class StreamEvent(msgspec.Struct, frozen=True):
    """What one caller is to be sent; without `data` it only says how far the stream has come."""

    alert_id: int
    data: bytes | None = None


class Seat:
    """The place of one stream, taken before its first byte is sent."""

    def __init__(self, seats: Counter[str], client: str) -> None:
        self._seats = seats
        self._client: str | None = client
        seats[client] += 1

    def release(self) -> None:
        """Leave it; once is enough."""
        if self._client is None:
            return
        self._seats[self._client] -= 1
        if not self._seats[self._client]:
            del self._seats[self._client]
        self._client = None


class AlertFeed:
    """Looks out for new alerts for as long as somebody listens, and lets every stream read them."""

    def __init__(self, *, settings: Settings, pool: Pool) -> None:
        self.settings = settings
        self.pool = pool
        self._streams = 0
        self._seats = Counter[str]()
        """How many streams each client holds, from before they begin."""
        self._wanted = asyncio.Event()
        self._newest: int | None = None
        """The highest id that was seen; None while nobody listens."""
        self._changed = asyncio.Event()
        """Set, and replaced, whenever `_newest` is another."""
        self._era = 0
        """Streams end when it is no longer what it was when they began."""
        self._is_closed = False

    def seat(self, client: str) -> Seat:
        """Take a place for a stream of the client, which must be released.

        Raises `TooManyStreamsError` where as many are held as may be, or as one client may.
        """
        of_client, settings = self._seats[client], self.settings
        if of_client >= settings.max_client_streams:
            raise TooManyStreamsError("one client holds GROUNDSWELL_MAX_CLIENT_STREAMS of them")
        if self._seats.total() >= settings.max_streams:
            raise TooManyStreamsError("as many are held as GROUNDSWELL_MAX_STREAMS says")
        return Seat(self._seats, client)

    def close(self) -> None:
        """End all streams, and those that begin from now on."""
        self._is_closed = True
        self._era += 1
        self._wake_all()

    async def run(self, notifications: Notifications) -> None:
        """Look out until cancelled."""
        while True:
            await self._wanted.wait()
            try:
                async with notifications.subscribed(CHANNEL) as wake:
                    await self._look_out(wake)
            finally:
                self._wanted.clear()
                self._newest = None

    async def follow(
        self,
        *,
        after: int | None = None,
        ranking: str | None = None,
        subscription_id: int | None = None,
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> AsyncGenerator[StreamEvent | None]:
        """Yield alerts after an id (None: from now on) in the order of ids; None is a heartbeat.

        The database may go and come: nothing is left out or repeated. Ends when the feed is
        closed, and when the database was put back to an older state; a caller who comes back with
        the last id then misses nothing.
        """
        if self._is_closed:
            return
        self._streams += 1
        self._wanted.set()
        metrics.STREAMS.inc()
        try:
            read = partial(self._read, ranking=ranking, subscription_id=subscription_id)
            async with aclosing(self._events(after, read, heartbeat)) as events:
                async for event in events:
                    yield event
        finally:
            self._streams -= 1
            metrics.STREAMS.dec()

    async def _events(
        self, after: int | None, read: _Read, heartbeat: float
    ) -> AsyncGenerator[StreamEvent | None]:
        era, position, has_begun = self._era, after, False
        outage = Outage("database, for a stream of alerts")
        while self._era == era:
            # Taken before reading: what is raised meanwhile sets it.
            changed, newest = self._changed, self._newest
            if newest is None or (has_begun and position is not None and position >= newest):
                if not await _is_set(changed, within=heartbeat):
                    yield None
                continue
            position = newest if position is None else position
            reading = asyncio.ensure_future(read(position, newest))
            async with aclosing(_beats(reading, heartbeat)) as beats:
                async for beat in beats:
                    yield beat
            try:
                position, page = reading.result()
            except DATABASE_ERRORS as error:
                if not await _is_set(changed, within=min(outage.failed(error), heartbeat)):
                    yield None
                continue
            outage.over()
            for alert in page:
                position = alert.alert_id
                yield StreamEvent(position, encode_message(alert))
            if len(page) < PAGE:
                position, has_begun = max(position, newest), True
            if not page:
                yield StreamEvent(position)

    async def _read(
        self, position: int, newest: int, *, ranking: str | None, subscription_id: int | None
    ) -> _Page:
        """Return a page, and where it begins: at the position, or where the database ends."""
        async with borrowed(self.pool, within=self.settings.database_timeout) as c:
            if position > newest:
                # Another process has seen it, or the database was put back to an older state.
                position = min(position, await newest_alert(c))
            return position, await alerts_after(
                c, after=position, limit=PAGE, ranking=ranking, subscription_id=subscription_id
            )

    async def _look_out(self, wake: asyncio.Event) -> None:
        """Wake the streams whenever there is something new, until there are none."""
        outage = Outage("database, for the look-out for alerts")
        while self._streams:
            wake.clear()
            pause = POLL_SECONDS
            try:
                async with borrowed(self.pool, within=self.settings.database_timeout) as c:
                    newest = await newest_alert(c)
                outage.over()
            except DATABASE_ERRORS as error:
                pause = outage.failed(error)
            else:
                await self._saw(newest)
            await first_of(wake, within=pause)

    async def _saw(self, newest: int) -> None:
        if newest == self._newest:
            return
        if newest < (self._newest or 0):
            # The database was put back to an older state.
            self._era += 1
        self._newest = newest
        self._wake_all()
        await asyncio.sleep(GATHER_SECONDS)

    def _wake_all(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _beats(reading: asyncio.Future[_Page], heartbeat: float) -> AsyncGenerator[None]:
    """Yield a heartbeat whenever it is due, until the page is read.

    Whoever hangs up is cancelled again at each step: the reading is left to end by itself then.
    """
    try:
        while not (await asyncio.wait({reading}, timeout=heartbeat))[0]:
            yield
    finally:
        reading.cancel()


async def _is_set(event: asyncio.Event, *, within: float) -> bool:
    """Wait for an event, and return whether it came in time."""
    await first_of(event, within=within)
    return event.is_set()
