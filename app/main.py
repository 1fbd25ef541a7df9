"""The API: Litestar's router behind the hot path, with everything it needs opened once."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Tag

from app.access import key_routes as api_keys
from app.access.address import Clients
from app.access.cors import Cors
from app.access.guard import require
from app.access.guesses import Guesses
from app.access.key_ring import KeyRing
from app.access.keys import API_KEYS_CHANGED
from app.access.users import Users
from app.access.viewers import Viewers
from app.alerts import routes as alerts
from app.alerts import stream_routes as alert_stream
from app.alerts import webhook_routes as webhooks
from app.alerts.feed import CHANNEL as ALERT_CHANNEL
from app.alerts.feed import AlertFeed
from app.audit import routes as audit
from app.comments import routes as comments
from app.comments.posting import Posting
from app.dashboard import llms_routes as llms
from app.dashboard import pages, problem_pages
from app.dashboard.negotiation import Negotiated
from app.dashboard.schema_page import SCHEMA_HEADERS, DocumentJson, DocumentYaml, SchemaPage
from app.editing import review_routes as reviews
from app.editing import rule_routes as rules
from app.embeds import routes as embeds
from app.erasure import routes as erasure
from app.health import metrics_routes as metrics
from app.health import routes as health
from app.health import status_routes
from app.http.bounds import Bounds
from app.http.edge import Edge
from app.http.hosts import Hosts
from app.http.parameters import check_parameters
from app.http.problems import exception_handlers
from app.ingest import beacon_routes as beacon
from app.ingest import routes as events
from app.ingest.known_items import KnownItems
from app.ingest.recorder import Recorder
from app.ingest.retention import Retention
from app.ingest.senders import Senders
from app.ingest.uuid7 import Uuid7Source
from app.items import exclusion_routes as exclusions
from app.items import routes as items
from app.likes import count_routes as like_counts
from app.likes import routes as likes
from app.likes.counts import LikeCounts
from app.me import routes as me
from app.rankings import admin_routes as admin_rankings
from app.rankings import place_routes as places
from app.rankings import routes as rankings
from app.rankings import trending_routes as trending
from app.rankings.follower import Follower
from app.rankings.hot_path import HotPath, Served
from app.rankings.keys import TRENDING_SWITCHED
from app.rankings.lists import Lists
from app.rankings.places import Places
from app.rankings.snapshots import Snapshots
from app.recommend import routes as recommend
from app.recommend.recommend import Recommender
from app.recommend.rerank import open_reranker
from app.runtime.fence import epochs_heard
from app.runtime.logs import configure_logs
from app.runtime.notifications import of_database, of_redis
from app.runtime.pool import open_pool
from app.runtime.redis_client import open_redis
from app.runtime.replicas import open_replicas
from app.runtime.stopping import Stopping, when_stopping
from app.runtime.tasks import report_end, running
from app.series import routes as series
from app.services import Services
from app.settings import Settings, read_settings
from app.stats import recompute_routes as recompute
from app.stats import routes as stats
from app.stats.cache import StatsCache
from app.stats.hot_path import StatsHotPath
from app.stats.keys import Item
from app.stats.metrics import STATS_LOOKUPS
from app.stats.warmer import Warmer
from app.stats.zoned import ZonedStats
from app.top import routes as top
from app.top.live_counts import LiveCounts
from app.top.pages import TopPages
from app.uploads import routes as uploads
from app.uploads.finalizing import Finalizing
from app.uploads.store import open_store

log = structlog.get_logger(__name__)


def create_app(settings: Settings) -> HotPath:
    """Make the ASGI application; nothing is connected before its lifespan begins.

    Redis and the database may be down then and later: what works without them works. Litestar's
    own application is the attribute `app` of what this returns.
    """
    configure_logs(settings)
    snapshots, served = Snapshots(max_age=settings.trending_max_age), Served()
    stopping = Stopping()
    app = Litestar(
        route_handlers=[
            pages.router,
            problem_pages.router,
            llms.router,
            events.router,
            beacon.router,
            embeds.router,
            items.router,
            likes.router,
            like_counts.router,
            comments.router,
            uploads.router,
            recommend.router,
            me.router,
            Router(
                "/",
                route_handlers=[
                    trending.router,
                    rankings.router,
                    places.router,
                    top.router,
                    stats.router,
                    series.router,
                ],
                guards=[require("read")],
            ),
            audit.router,
            api_keys.router,
            admin_rankings.router,
            rules.router,
            reviews.router,
            exclusions.router,
            recompute.router,
            erasure.router,
            alerts.router,
            webhooks.router,
            alert_stream.router,
            health.router,
            status_routes.router,
            metrics.router,
        ],
        dependencies={"services": Provide(_services, sync_to_thread=False)},
        guards=[check_parameters],
        middleware=[Cors()],
        exception_handlers=exception_handlers,
        lifespan=[_opened(settings, snapshots, served, stopping)],
        openapi_config=_openapi(),
        request_max_body_size=settings.max_body_bytes,
        logging_config=None,
    )
    edge = Edge(
        Negotiated(app),
        bounds=Bounds(
            requests=settings.max_requests,
            body_bytes=settings.max_held_bytes,
            largest=settings.max_body_bytes,
        ),
        hosts=Hosts(settings),
        stopping=stopping,
        client_of=Clients(settings).name_of,
    )
    is_open = settings.require_keys != "all"
    of_stats = Served(STATS_LOOKUPS.labels("cache"))

    def served_stats(items: Sequence[Item]) -> Awaitable[list[bytes | None]]:
        return _services(app.state).stats.served(items)

    then = StatsHotPath(edge, served_stats, of_stats, settings, is_open=is_open)
    return HotPath(app, edge, snapshots, served, then=then, is_open=is_open)


def _opened(
    settings: Settings, snapshots: Snapshots, served: Served, stopping: Stopping
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Return the lifespan that opens what the routes use, and closes it in reverse order."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            redis = await stack.enter_async_context(open_redis(settings))
            pool = await stack.enter_async_context(open_pool(settings))
            await stack.enter_async_context(epochs_heard(pool, redis))
            await stack.enter_async_context(open_replicas(settings, pool))
            store = await stack.enter_async_context(open_store(settings))
            reranker = await stack.enter_async_context(open_reranker(settings, redis))
            lists = Lists(settings=settings, pool=pool, redis=redis, snapshots=snapshots)
            known_items = KnownItems(pool, redis) if settings.unknown_items == "refuse" else None
            retention = Retention(pool, timeout=settings.database_timeout)
            key_ring, viewers = KeyRing(pool, redis), Viewers(redis)
            clients = Clients(settings)
            follower = Follower(settings=settings, pool=pool, redis=redis, snapshots=snapshots)
            feed = AlertFeed(settings=settings, pool=pool)
            live_counts = LiveCounts(redis, pool)
            in_lists = Places(snapshots)
            stats_cache = StatsCache(
                settings=settings, pool=pool, redis=redis, ranks=in_lists.trending
            )
            new_id = Uuid7Source()
            announcements = of_redis(redis, TRENDING_SWITCHED, API_KEYS_CHANGED)
            notifications = of_database(settings, ALERT_CHANNEL)
            following = await stack.enter_async_context(
                running(follower.run(announcements), "follower")
            )
            await stack.enter_async_context(running(key_ring.run(announcements), "key ring"))
            await stack.enter_async_context(running(retention.run(), "retention"))
            await stack.enter_async_context(running(feed.run(notifications), "alert feed"))
            stack.callback(feed.close)
            warmer = Warmer(stats_cache, snapshots)
            await stack.enter_async_context(running(warmer.run(), "warmer of stats"))
            counting = await stack.enter_async_context(live_counts.running())
            counting.add_done_callback(report_end)
            stack.enter_context(when_stopping(stopping.ask, feed.close))
            app.state.services = Services(
                settings=settings,
                pool=pool,
                redis=redis,
                key_ring=key_ring,
                users=Users(settings),
                viewers=viewers,
                snapshots=snapshots,
                lists=lists,
                top_pages=TopPages(settings=settings, pool=pool, redis=redis, lists=lists),
                stats=stats_cache,
                zoned_stats=ZonedStats(settings=settings, pool=pool, redis=redis),
                recorder=Recorder(
                    settings,
                    pool,
                    redis,
                    retention=retention,
                    known_items=known_items,
                    end_stats=stats_cache.end,
                ),
                known_items=known_items,
                like_counts=LikeCounts(redis, owe=stats_cache.owe),
                live_counts=live_counts,
                new_id=new_id,
                posting=Posting(
                    settings, pool, stats=stats_cache, live_counts=live_counts, new_id=new_id
                ),
                store=store,
                finalizing=None
                if store is None
                else Finalizing(pool, redis, store, timeout=settings.database_timeout),
                recommender=Recommender(
                    pool=pool, redis=redis, timeout=settings.database_timeout, reranker=reranker
                ),
                alert_feed=feed,
                clients=clients,
                guesses=Guesses(),
                senders=Senders(settings, clients, viewers),
                served=served,
                stopping=stopping,
                following=following,
            )
            yield

    return lifespan


def _services(state: State) -> Services:
    services: Services = state.services
    return services


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
            Tag(name="Comments", description="What signed-in users write, and translations."),
            Tag(name="Uploads", description="Files that become items, once."),
            Tag(name="Recommendations", description="What a user may like next, and why."),
            Tag(name="Users", description="What is kept of a signed-in user."),
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
        render_plugins=[SchemaPage(), DocumentJson(), DocumentYaml()],
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
        # What is there now stays: to look through it for garbage would hold up requests.
        gc.collect()
        gc.freeze()
        globals()["app"] = built
        return built
    raise AttributeError(name)
