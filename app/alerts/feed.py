"""The event stream of alerts: one reader of the database for all callers of a process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable

import msgspec

from app.alerts import metrics
from app.alerts.message import encode_message
from app.alerts.queries import RaisedAlert, alerts_after, newest_alert
from app.runtime.notifications import Notifications, first_of
from app.runtime.outage import DATABASE_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.settings import Settings

CHANNEL = "alert"
"""The database notifies it when alerts were raised."""
POLL_SECONDS = 5.0
"""How often alerts are asked for although nothing was notified."""
HEARTBEAT_SECONDS = 15.0
"""Longest silence: proxies close a connection that says nothing, and a caller that has gone is
noticed by it."""
PAGE = 500
MAX_PENDING = 1_000
"""Alerts that may wait for one slow caller; then its stream ends, and it resumes where it was."""


class StreamEvent(msgspec.Struct, frozen=True):
    """What one caller is to be sent; without `data` it only says how far the stream has come."""

    alert_id: int
    data: bytes | None = None


class _Alert(msgspec.Struct, frozen=True):
    """An alert encoded once for all callers."""

    alert_id: int
    ranking: str | None
    subscription_id: int
    data: bytes


class _Listener:
    """One caller: what it wants, and what waits for it."""

    def __init__(self, ranking: str | None, subscription_id: int | None) -> None:
        self.ranking = ranking
        self.subscription_id = subscription_id
        self.pending: deque[_Alert] = deque()
        self.wake = asyncio.Event()
        self.ended = False

    def offer(self, alert: _Alert) -> None:
        """Let it wait for the caller, where it is one that the caller wants."""
        if self.ranking not in {None, alert.ranking}:
            return
        if self.subscription_id not in {None, alert.subscription_id}:
            return
        if len(self.pending) == MAX_PENDING:
            self.end()
        elif not self.ended:
            self.pending.append(alert)
            self.wake.set()

    def end(self) -> None:
        """Let the stream end after what waits already."""
        self.ended = True
        self.wake.set()


class AlertFeed:
    """Reads new alerts for as long as somebody listens, and hands them to every listener."""

    def __init__(self, *, settings: Settings, pool: Pool) -> None:
        self.settings = settings
        self.pool = pool
        self._listeners: set[_Listener] = set()
        self._wanted = asyncio.Event()
        self._newest: int | None = None
        """Up to which id alerts have been handed out; None while nobody listens."""
        self._is_closed = False

    @property
    def is_full(self) -> bool:
        """Whether as many callers listen as may."""
        return len(self._listeners) >= self.settings.max_streams

    def close(self) -> None:
        """End all streams, and those that begin from now on."""
        self._is_closed = True
        self._end(self._listeners)

    async def run(self, notifications: Notifications) -> None:
        """Read until cancelled."""
        while True:
            await self._wanted.wait()
            outage = Outage("database, for the stream of alerts")
            try:
                async with notifications.subscribed(CHANNEL) as wake:
                    while self._listeners:
                        wake.clear()
                        pause = POLL_SECONDS
                        try:
                            await self._read()
                            outage.over()
                        except DATABASE_ERRORS as error:
                            pause = outage.failed(error)
                        await first_of(wake, within=pause)
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
    ) -> AsyncIterator[StreamEvent | None]:
        """Yield alerts after an id (None: from now on) in the order of ids; None is a heartbeat.

        The database may go and come: nothing is left out or repeated. Ends when the feed is
        closed, when the caller is too slow, and when the database was put back to an older state;
        a caller who comes back with the last id then misses nothing.
        """
        listener = _Listener(ranking, subscription_id)
        if self._is_closed:
            return
        self._listeners.add(listener)
        self._wanted.set()
        metrics.STREAMS.inc()
        try:
            async for _ in self._until_begun(listener, heartbeat):
                yield None
            if self._newest is None:
                return
            position = self._newest
            if after is None:
                yield StreamEvent(position)
            else:
                async for event in self._past(listener, after, heartbeat):
                    position = position if event is None else event.alert_id
                    yield event
            async for event in self._live(listener, position, heartbeat):
                yield event
        finally:
            self._listeners.discard(listener)
            metrics.STREAMS.dec()

    async def _until_begun(self, listener: _Listener, heartbeat: float) -> AsyncIterator[None]:
        """Wait until the feed hands out: then there is no gap between the past and what is new."""
        while self._newest is None and not listener.ended:
            listener.wake.clear()
            if not await _is_set(listener.wake, within=heartbeat):
                yield None

    async def _live(
        self, listener: _Listener, position: int, heartbeat: float
    ) -> AsyncIterator[StreamEvent]:
        """Yield what is handed out after an id, and now and then how far that has come."""
        while True:
            while listener.pending:
                alert = listener.pending.popleft()
                if alert.alert_id > position:
                    position = alert.alert_id
                    yield StreamEvent(position, alert.data)
            if listener.ended:
                return
            listener.wake.clear()
            if not await _is_set(listener.wake, within=heartbeat) and not listener.pending:
                position = max(position, self._newest or 0)
                yield StreamEvent(position)

    async def _past(
        self, listener: _Listener, after: int, heartbeat: float
    ) -> AsyncIterator[StreamEvent | None]:
        """Yield what was raised after an id, page by page, and last how far that has come."""
        outage = Outage("database, for the past of the stream of alerts")
        position, newest = after, None
        while not listener.ended:
            try:
                async with asyncio.timeout(self.settings.database_timeout):
                    async with self.pool.connection() as connection:
                        if newest is None:
                            newest = await newest_alert(connection)
                            # Of a database that was put back to an older state.
                            position = min(position, newest)
                        page = await alerts_after(
                            connection,
                            after=position,
                            limit=PAGE,
                            ranking=listener.ranking,
                            subscription_id=listener.subscription_id,
                        )
            except DATABASE_ERRORS as error:
                await asyncio.sleep(min(outage.failed(error), heartbeat))
                yield None
                continue
            for alert in page:
                position = alert.alert_id
                yield StreamEvent(position, encode_message(alert))
            if len(page) < PAGE:
                yield StreamEvent(position)
                return

    async def _read(self) -> None:
        """Hand out what is new."""
        async with borrowed(self.pool, within=self.settings.database_timeout) as c:
            newest = await newest_alert(c)
            if self._newest is None:
                self._newest = newest
                for listener in self._listeners:
                    listener.wake.set()
            elif newest < self._newest:
                self._newest = newest
                self._end(self._listeners)
            while self._newest < newest:
                page = await alerts_after(c, after=self._newest, limit=PAGE)
                self._hand_out(page)
                self._newest = max([alert.alert_id for alert in page] or [newest])
                if len(page) < PAGE:
                    self._newest = max(self._newest, newest)

    def _hand_out(self, page: Iterable[RaisedAlert]) -> None:
        for raised in page:
            alert = _Alert(
                raised.alert_id,
                raised.ranking,
                raised.subscription_id,
                encode_message(raised),
            )
            for listener in self._listeners:
                listener.offer(alert)

    @staticmethod
    def _end(listeners: Iterable[_Listener]) -> None:
        for listener in listeners:
            listener.end()


async def _is_set(event: asyncio.Event, *, within: float) -> bool:
    """Wait for an event; False if it was not set in time."""
    try:
        async with asyncio.timeout(within):
            await event.wait()
    except TimeoutError:
        return False
    return True
