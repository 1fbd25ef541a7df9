"""What serving stats counts, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter

STATS_LOOKUPS = Counter(
    "groundswell_stats_lookups", "Stats looked up, by what they were answered from", ["source"]
)
