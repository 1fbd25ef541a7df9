"""What serving counts, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

FROM_MEMORY = Counter(
    "groundswell_trending_from_memory",
    "Trending requests answered by the layer in front of the router",
)
STATS_LOOKUPS = Counter(
    "groundswell_stats_lookups", "Stats looked up, by what they were answered from", ["source"]
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
LIKE_COUNT_LOOKUPS = Counter(
    "groundswell_like_count_lookups", "Like counts looked up, by where they were found", ["source"]
)
LIKE_COUNTS_MENDED = Counter(
    "groundswell_like_counts_mended", "Like counts in Redis that the reconciling job put right"
)
