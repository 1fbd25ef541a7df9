"""`GET /metrics`: what Prometheus scrapes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import suppress

from litestar import Response, Router, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.asyncio import Redis

from app.alerts.deliveries import AlertBacklog, alert_backlog
from app.errors import UnavailableError
from app.health.jobs import JobStatus, job_statuses
from app.health.rankings import RankingStatus, ranking_statuses
from app.health.redis_state import Backlog, read_backlog
from app.runtime import multiprocess
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS
from app.runtime.pool import Pool, borrowed
from app.runtime.redis_nodes import silent_nodes
from app.runtime.replicas import Replicas
from app.services import Services

ASK_SECONDS = 1.0
"""How long Redis and the database may take to say how they fare."""


class RedisMetrics(Collector):
    """What waits in Redis for the writer, by lane and shard, the dead letters, and who is down."""

    def __init__(self, backlog: Backlog | None, silent: dict[str, Exception | None]) -> None:
        self.backlog = backlog
        self.silent = silent

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the servers and of the streams."""
        up = GaugeMetricFamily(
            "groundswell_redis_up",
            "1 if Redis answers; of a cluster, each node that serves slots",
            labels=["node"],
        )
        for node, error in self.silent.items():
            up.add_metric([node], float(error is None))
        yield up
        if self.backlog is not None:
            yield from self._streams(self.backlog)

    def _streams(self, backlog: Backlog) -> Iterator[Metric]:
        entries = GaugeMetricFamily(
            "groundswell_stream_entries",
            "Stream entries, of one request or several at once, that wait for the writer",
            labels=["lane", "shard"],
        )
        size = GaugeMetricFamily(
            "groundswell_stream_bytes",
            "Memory of Redis, in bytes, that the stream takes",
            labels=["lane", "shard"],
        )
        lag = GaugeMetricFamily(
            "groundswell_ingest_lag_seconds",
            "Age of the oldest stream entry that waits for the writer; 0 where none does",
            labels=["lane", "shard"],
        )
        for (lane, shard), waiting in backlog.waiting.items():
            entries.add_metric([lane, str(shard)], waiting.entries)
            size.add_metric([lane, str(shard)], waiting.size)
            lag.add_metric([lane, str(shard)], waiting.seconds)
        yield entries
        yield size
        yield lag
        if backlog.dead_letters is not None:
            yield GaugeMetricFamily(
                "groundswell_dead_letter_entries",
                "Dead letters that wait for a person",
                backlog.dead_letters,
            )


class ReplicaMetrics(Collector):
    """How the standbys are that reads may go to, as this process has last seen them."""

    def __init__(self, replicas: Replicas) -> None:
        self.replicas = replicas

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the replicas."""
        used = GaugeMetricFamily(
            "groundswell_replica_used", "1 if reads go to this replica", labels=["replica"]
        )
        lag = GaugeMetricFamily(
            "groundswell_replica_lag_seconds",
            "How far the replica is behind the primary; absent while that is not known",
            labels=["replica"],
        )
        for replica in self.replicas.all:
            used.add_metric([replica.name], float(replica.why_not is None))
            if replica.lag is not None:
                lag.add_metric([replica.name], replica.lag)
        yield used
        yield lag


class Jobs(Collector):
    """How the database's scheduled jobs fare, and each ranking that one of them computes."""

    def __init__(self, statuses: list[JobStatus], rankings: list[RankingStatus]) -> None:
        self.statuses = statuses
        self.rankings = rankings

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the jobs and rankings."""
        yield from self._rankings()
        succeeded = GaugeMetricFamily(
            "groundswell_job_last_success_timestamp_seconds",
            "When (Unix time) the job last ended without an error",
            labels=["job"],
        )
        failed = GaugeMetricFamily(
            "groundswell_job_last_failed", "1 if the job's newest run failed", labels=["job"]
        )
        seconds = GaugeMetricFamily(
            "groundswell_job_last_duration_seconds",
            "How long the job's newest run took",
            labels=["job"],
        )
        for status in self.statuses:
            failed.add_metric([status.job], float(status.error is not None))
            if status.succeeded_at is not None:
                succeeded.add_metric([status.job], status.succeeded_at.timestamp())
            if status.finished_at is not None:
                took = (status.finished_at - status.started_at).total_seconds()
                seconds.add_metric([status.job], took)
        yield succeeded
        yield failed
        yield seconds

    def _rankings(self) -> Iterator[Metric]:
        failed = GaugeMetricFamily(
            "groundswell_ranking_last_failed",
            "1 if the newest computation of the ranking failed: it keeps its list from before",
            labels=["ranking"],
        )
        seconds = GaugeMetricFamily(
            "groundswell_ranking_last_duration_seconds",
            "How long the newest computation of the ranking took",
            labels=["ranking"],
        )
        reviews = GaugeMetricFamily(
            "groundswell_ranking_reviews_waiting",
            "Items that wait for an editor's review before they enter the top of the ranking",
            labels=["ranking"],
        )
        for status in self.rankings:
            reviews.add_metric([status.name], status.reviews_waiting)
            failed.add_metric([status.name], float(status.error is not None))
            if status.seconds is not None:
                seconds.add_metric([status.name], status.seconds)
        yield reviews
        yield failed
        yield seconds


class Webhooks(Collector):
    """What waits in the database for the deliverer of alerts."""

    def __init__(self, backlog: AlertBacklog) -> None:
        self.backlog = backlog

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of webhooks."""
        yield GaugeMetricFamily(
            "groundswell_alerts_pending",
            "Webhooks of alerts that are still to be sent",
            self.backlog.pending,
        )
        since = self.backlog.raised_since
        yield GaugeMetricFamily(
            "groundswell_alerts_oldest_seconds",
            "Age of the oldest alert whose webhook is still to be sent; 0 where there is none",
            0.0 if since is None else max(0.0, time.time() - since.timestamp()),
        )


@get("/metrics", include_in_schema=False)
async def metrics(services: NamedDependency[Services]) -> Response[bytes]:
    """Return the metrics of all API processes, and of the streams and jobs they share."""
    services.served.report()
    shared = CollectorRegistry()
    for found in await asyncio.gather(
        _redis(services.redis, services.settings.stream_shards),
        _jobs(services.pool),
        _webhooks(services.pool),
    ):
        if found is not None:
            shared.register(found)
    if services.pool.replicas:
        shared.register(ReplicaMetrics(services.pool.replicas))
    own = REGISTRY
    if multiprocess.VARIABLE in os.environ:
        multiprocess.forget_dead_processes()
        own = CollectorRegistry()
        MultiProcessCollector(own)  # type: ignore[no-untyped-call]
    body = generate_latest(shared) + generate_latest(own)
    return Response(body, headers={"content-type": CONTENT_TYPE_LATEST})


async def _redis(redis: Redis, shards: int) -> RedisMetrics:
    """Ask Redis, as far as it answers."""
    backlog: Backlog | None = None
    silent: dict[str, Exception | None] = {"": UnavailableError("it does not answer")}
    with suppress(*REDIS_ERRORS):
        silent = await silent_nodes(redis, within=ASK_SECONDS)
        async with asyncio.timeout(ASK_SECONDS):
            backlog = await read_backlog(redis, shards=shards)
    return RedisMetrics(backlog, silent)


async def _jobs(pool: Pool) -> Jobs | None:
    """Ask the database; None while it is down or not migrated."""
    with suppress(*DATABASE_ERRORS):
        async with borrowed(pool, within=ASK_SECONDS) as connection:
            return Jobs(await job_statuses(connection), await ranking_statuses(connection))
    return None


async def _webhooks(pool: Pool) -> Webhooks | None:
    """Ask the database; None while it is down or not migrated."""
    with suppress(*DATABASE_ERRORS):
        async with borrowed(pool, within=ASK_SECONDS) as connection:
            return Webhooks(await alert_backlog(connection))
    return None


router = Router("/", route_handlers=[metrics])
