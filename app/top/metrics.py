"""What top lists count, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter

LIVE_COUNTS_LOST = Counter(
    "groundswell_live_counts_lost",
    "Events that top lists miss until they are published anew, a few minutes later",
)
