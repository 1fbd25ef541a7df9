"""`GET /metrics`: what Prometheus scrapes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress

from litestar import Response, Router, get
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app import keys
from app.serving.hot_path import HotPath
from app.serving.outage import REDIS_ERRORS
from app.serving.snapshots import Snapshots

STREAM_SECONDS = 1.0
"""How long Redis may take to say how many entries wait."""


class ServingCollector(Collector):
    """Reads what this process serves at the moment it is scraped: nothing is counted twice."""

    def __init__(self, *, hot_path: HotPath, snapshots: Snapshots, waiting: int | None) -> None:
        self.hot_path = hot_path
        self.snapshots = snapshots
        self.waiting = waiting

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the serving side."""
        yield CounterMetricFamily(
            "groundswell_trending_from_memory",
            "Trending requests answered by the layer in front of the router.",
            value=self.hot_path.served,
        )
        age = GaugeMetricFamily(
            "groundswell_snapshot_age_seconds",
            "Seconds since the served snapshot was last known to be right.",
            labels=["ranking"],
        )
        for ranking in self.snapshots.current:
            age.add_metric([ranking], self.snapshots.age(ranking))
        yield age
        if self.waiting is not None:
            yield GaugeMetricFamily(
                "groundswell_stream_entries",
                "Stream entries (one a request) that Redis holds for the writer.",
                value=self.waiting,
            )


@get("/metrics", include_in_schema=False)
async def metrics(state: State) -> Response[bytes]:
    """Return the metrics of this process, and of all with `PROMETHEUS_MULTIPROC_DIR` set."""
    waiting = None
    with suppress(*REDIS_ERRORS):
        async with asyncio.timeout(STREAM_SECONDS):
            waiting = await state.redis.xlen(keys.EVENT_STREAM)
    registry = CollectorRegistry()
    registry.register(
        ServingCollector(hot_path=state.hot_path, snapshots=state.snapshots, waiting=waiting)
    )
    shared = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    body = generate_latest(registry) + generate_latest(shared)
    return Response(body, headers={"content-type": CONTENT_TYPE_LATEST})


router = Router("/", route_handlers=[metrics])
