"""What uploads count, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter

FINALIZATIONS = Counter(
    "groundswell_upload_finalizations",
    "Requests to finalise an upload, by outcome: completed, repeated (it was finalised before), "
    "overtaken (another completed it meanwhile), held, incomplete, gone, unavailable",
    ["outcome"],
)
REMOVALS = Counter(
    "groundswell_upload_removals", "Objects of dropped uploads that were removed from the store"
)
