"""What publishing counts, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

PUBLISHED = Counter("groundswell_sink_published", "Messages that the brokers have", ["stream"])
REFUSED = Counter("groundswell_sink_refused", "Messages that the brokers do not take", ["stream"])
GONE = Counter(
    "groundswell_sink_gone", "Events that were erased or dropped before they could be published"
)
FAILURES = Counter("groundswell_sink_failures", "Batches that could not be published", ["stream"])
WAITING = Gauge(
    "groundswell_sink_waiting",
    "Events that are still to be published; rankings whose newest lists are",
    ["stream"],
)
AGE = Gauge("groundswell_sink_age_seconds", "For how long what has waited longest does", ["stream"])
UNPUBLISHED = Gauge("groundswell_sink_unpublished", "Events in core.unpublished")
GIVEN_UP = Gauge(
    "groundswell_sink_given_up", "Events that waited too long, since it was switched on"
)
