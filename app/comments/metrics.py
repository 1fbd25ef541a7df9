"""What translating counts, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

TRANSLATIONS = Counter(
    "groundswell_translations",
    "Tries to translate a comment's text, by outcome: translated, failed",
    ["outcome"],
)
TRANSLATION_SECONDS = Histogram(
    "groundswell_translation_seconds",
    "How long a try to translate a text takes",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60),
)
