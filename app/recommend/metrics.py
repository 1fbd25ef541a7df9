"""What recommending counts, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter

RECOMMENDATION_LOOKUPS = Counter(
    "groundswell_recommendation_lookups",
    "Recommendations for users, by where they were found",
    ["source"],
)
