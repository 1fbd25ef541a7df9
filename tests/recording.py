"""Recording without a server: the way of a body up to what is made durable."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.http.body import read_body
from app.ingest.accept import Acceptor, Outcome
from app.ingest.decode import decode_body
from app.ingest.uuid7 import Uuid7Source
from app.runtime.moments import unix_microseconds
from app.runtime.slices import Slices
from app.settings import Settings

LIMIT = Settings().max_body_bytes


async def given(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def record(body: bytes, media_type: str, encoding: str, slices: Slices) -> Outcome:
    """Take a body the way of `POST /analytics/events`, up to what is made durable."""
    read = await read_body(given(body), encoding=encoding, limit=LIMIT)
    settings = Settings()
    async with slices.work() as pause:
        events = await decode_body(
            read,
            media_type=media_type,
            max_events=settings.max_events,
            max_event_bytes=settings.max_event_bytes,
            pause=pause,
        )
    acceptor = Acceptor(max_future_seconds=60, new_id=Uuid7Source())
    outcome = Outcome()
    async with slices.work() as pause:
        for start in range(0, len(events), 50):
            now = unix_microseconds()
            acceptor.accept(events[start : start + 50], now=now, into=outcome)
            await pause()
    return outcome
