"""What recommending counts, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

RECOMMENDATION_LOOKUPS = Counter(
    "groundswell_recommendation_lookups",
    "Recommendations for users, by where they were found",
    ["source"],
)
RERANKS = Counter(
    "groundswell_reranks",
    "Recommendations that a model was to order, by what came of it: reranked, or why not",
    ["outcome"],
)
RERANK_SECONDS = Histogram(
    "groundswell_rerank_seconds",
    "How long a model takes to order recommendations, whatever comes of it",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10),
)
