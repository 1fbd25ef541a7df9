"""What serving rankings counts, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

FROM_MEMORY = Counter(
    "groundswell_trending_from_memory",
    "Trending requests answered by the layer in front of the router",
)
LIST_LOOKUPS = Counter(
    "groundswell_list_lookups",
    "Lists looked up that are not held ready as answers, by where they were found",
    ["source"],
)
FRESH_AT = Gauge(
    "groundswell_ranking_fresh_timestamp_seconds",
    "Up to when (Unix time) the served list is known to be right; of several processes, the least",
    ["ranking"],
    multiprocess_mode="livemin",
)
