"""What liking counts, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter

LIKE_COUNT_LOOKUPS = Counter(
    "groundswell_like_count_lookups", "Like counts looked up, by where they were found", ["source"]
)
LIKE_COUNTS_MENDED = Counter(
    "groundswell_like_counts_mended", "Like counts that the reconciling job put right"
)
