"""The API: Litestar's router behind the hot path, with everything it needs opened once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Tag
from redis.asyncio import Redis

from app.access.key_ring import KeyRing
from app.alerts.feed import AlertFeed
from app.auth import require
from app.dashboard import pages
from app.dashboard.schema_page import SCHEMA_HEADERS, SchemaPage
from app.database.pool import Pool, open_pool
from app.ingest.known_items import KnownItems
from app.ingest.live_counts import LiveCounts
from app.ingest.retention import Retention
from app.logs import configure_logs
from app.problems import exception_handlers
from app.redis_client import open_redis
from app.routes import (
    admin_audit,
    admin_items,
    admin_rankings,
    admin_stats,
    alert_stream,
    alert_webhooks,
    alerts,
    beacon,
    events,
    health,
    items,
    likes,
    metrics,
    rankings,
    stats,
    top,
    trending,
)
from app.serving.follower import Follower
from app.serving.hot_path import HotPath
from app.serving.lists import Lists
from app.serving.snapshots import Snapshots
from app.serving.stats import StatsCache
from app.serving.top_pages import TopPages
from app.settings import Settings, read_settings
from app.stopping import when_stopping

log = structlog.get_logger(__name__)


def create_app(settings: Settings) -> HotPath:
    """Make the ASGI application; nothing is connected before its lifespan begins.

    Redis and the database may be down then and later: what works without them works. Litestar's
    own application is the attribute `app` of what this returns.
    """
    configure_logs(settings)
    snapshots = Snapshots(max_age=settings.trending_max_age)
    app = Litestar(
        route_handlers=[
            pages.router,
            events.router,
            beacon.router,
            items.router,
            likes.router,
            Router(
                "/",
                route_handlers=[trending.router, rankings.router, top.router, stats.router],
                guards=[require("read")],
            ),
            admin_audit.router,
            admin_rankings.router,
            admin_items.router,
            admin_stats.router,
            alerts.router,
            alert_webhooks.router,
            alert_stream.router,
            health.router,
            metrics.router,
        ],
        dependencies={
            name: Provide(provider, sync_to_thread=False)
            for name, provider in (("pool", _pool), ("redis", _redis), ("settings", _settings))
        },
        exception_handlers=exception_handlers,
        lifespan=[_opened(settings, snapshots)],
        openapi_config=_openapi(),
        request_max_body_size=settings.max_body_bytes,
        state=State({"settings": settings, "snapshots": snapshots}),
        logging_config=None,
    )
    hot_path = HotPath(app, snapshots, is_open=settings.require_keys != "all")
    app.state.hot_path = hot_path
    return hot_path


def _opened(
    settings: Settings, snapshots: Snapshots
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Return the lifespan that opens what the routes use, and closes it in reverse order."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        state = app.state
        async with open_redis(settings) as redis, open_pool(settings) as pool:
            state.redis, state.pool = redis, pool
            state.stats = StatsCache(settings=settings, pool=pool, redis=redis)
            state.lists = Lists(settings=settings, pool=pool, redis=redis, snapshots=snapshots)
            state.top_pages = TopPages(settings=settings, pool=pool, redis=redis, lists=state.lists)
            state.key_ring = KeyRing(pool, redis)
            state.known_items = None
            if settings.unknown_items == "refuse":
                state.known_items = KnownItems(pool, redis)
            state.retention = Retention(pool, timeout=settings.database_timeout)
            follower = Follower(settings=settings, pool=pool, redis=redis, snapshots=snapshots)
            state.follower = follower
            state.alert_feed = feed = AlertFeed(settings=settings, pool=pool)
            state.live_counts = LiveCounts(redis, pool)
            state.following = asyncio.create_task(follower.run(), name="follower")
            tasks = (
                state.following,
                asyncio.create_task(state.key_ring.run(), name="key ring"),
                asyncio.create_task(state.retention.run(), name="retention"),
                asyncio.create_task(feed.run(), name="alert feed"),
            )
            for task in tasks:
                task.add_done_callback(_report_end)
            try:
                async with state.live_counts.running() as counting:
                    counting.add_done_callback(_report_end)
                    with when_stopping(feed.close):
                        yield
            finally:
                feed.close()
                for task in tasks:
                    await _cancel(task)

    return lifespan


async def _cancel(task: asyncio.Task[None]) -> None:
    """End `task` for certain.

    Before Python 3.12, `asyncio.wait_for` can lose a cancellation that comes in the same moment as
    its result; the pool's and Redis's clients wait that way.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.2)


def _report_end(task: asyncio.Task[None]) -> None:
    """Say that what a task does stands still until this process is restarted."""
    if not task.cancelled() and task.exception():
        log.critical("task ended", task=task.get_name(), exc_info=task.exception())


def _pool(state: State) -> Pool:
    pool: Pool = state.pool
    return pool


def _redis(state: State) -> Redis:
    redis: Redis = state.redis
    return redis


def _settings(state: State) -> Settings:
    settings: Settings = state.settings
    return settings


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Groundswell",
        version="0.1.0",
        summary="Engagement analytics and trending",
        description="Send views, likes, comments, shares and watch time; read counts and rankings "
        "that the database computes. Errors are RFC 9457 problems with a stable `type`.",
        tags=[
            Tag(name="Events", description="Record what people do."),
            Tag(name="Items", description="The catalogue that rankings take titles from."),
            Tag(name="Likes", description="What signed-in users like."),
            Tag(name="Rankings", description="What is trending, and why."),
            Tag(name="Alerts", description="Be told when something enters a top or breaks out."),
            Tag(name="Admin", description="For those with the admin key."),
            Tag(name="Stats", description="Counts of single items."),
            Tag(name="Health", description="For load balancers and supervisors."),
        ],
        components=Components(
            security_schemes={
                "adminKey": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="The key of GROUNDSWELL_ADMIN_KEY, or one with the scope `admin`.",
                ),
                "apiKey": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="A key made by `groundswell keys create`, where keys are required.",
                ),
                "apiKeyHeader": SecurityScheme(
                    type="apiKey",
                    name="X-Api-Key",
                    security_scheme_in="header",
                    description="The same key in a header of its own.",
                ),
                "userToken": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="The user's signed token; an API key goes to X-Api-Key then.",
                ),
                "publicKey": SecurityScheme(
                    type="apiKey",
                    name="key",
                    security_scheme_in="query",
                    description="A public key, for pages that can send no headers.",
                ),
            }
        ),
        render_plugins=[SchemaPage()],
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            include_in_schema=False,
            response_headers=SCHEMA_HEADERS,
        ),
    )


def __getattr__(name: str) -> HotPath:
    """Build `app.main:app` from the environment when a server first asks for it."""
    if name == "app":
        built = create_app(read_settings())
        globals()["app"] = built
        return built
    raise AttributeError(name)
