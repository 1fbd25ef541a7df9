"""What one API process works with, opened in its lifespan and handed to every route."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import msgspec
from litestar.connection import ASGIConnection
from redis.asyncio import Redis

from app.access.address import Clients
from app.access.guesses import Guesses
from app.access.key_ring import KeyRing
from app.access.users import Users
from app.access.viewers import Viewers
from app.alerts.feed import AlertFeed
from app.comments.posting import Posting
from app.ingest.known_items import KnownItems
from app.ingest.recorder import Recorder
from app.ingest.senders import Senders
from app.ingest.uuid7 import Uuid7Source
from app.likes.counts import LikeCounts
from app.rankings.hot_path import Served
from app.rankings.lists import Lists
from app.rankings.snapshots import Snapshots
from app.recommend.recommend import Recommender
from app.runtime.pool import Pool, PooledConnection, connected
from app.runtime.replicas import answered
from app.runtime.stopping import Stopping
from app.settings import Settings
from app.stats.cache import StatsCache
from app.stats.zoned import ZonedStats
from app.top.live_counts import LiveCounts
from app.top.pages import TopPages
from app.uploads.finalizing import Finalizing
from app.uploads.store import Store

Found = TypeVar("Found")


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; the same for every request."""

    settings: Settings
    pool: Pool
    redis: Redis
    key_ring: KeyRing
    users: Users
    viewers: Viewers
    snapshots: Snapshots
    lists: Lists
    top_pages: TopPages
    stats: StatsCache
    zoned_stats: ZonedStats
    recorder: Recorder
    known_items: KnownItems | None
    """None where unknown items are registered."""
    like_counts: LikeCounts
    recommender: Recommender
    live_counts: LiveCounts
    new_id: Uuid7Source
    posting: Posting
    store: Store | None
    """None, as the next, where there are no uploads."""
    finalizing: Finalizing | None
    alert_feed: AlertFeed
    clients: Clients
    guesses: Guesses
    senders: Senders
    served: Served
    stopping: Stopping
    following: asyncio.Task[None]
    """Keeps the snapshots up to date; one that has ended must serve no more."""

    def connected(
        self, *, within: float | None = None
    ) -> AbstractAsyncContextManager[PooledConnection]:
        """Lend a connection as `app.runtime.pool.connected` does, for the time of the settings."""
        return connected(self.pool, within=within or self.settings.database_timeout)

    async def read(self, run: Callable[[PooledConnection], Awaitable[Found]]) -> Found:
        """Return what `run` reads, on a replica or the primary; raises as `connected` does.

        Nothing may be written by it, and it may be called twice.
        """
        return await answered(self.pool, run, within=self.settings.database_timeout)


def services_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Services:
    """Return what a request is answered with."""
    services: Services = connection.app.state.services
    return services
