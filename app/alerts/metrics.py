"""What alerts count, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

DELIVERIES = Counter(
    "groundswell_alert_deliveries",
    "Tries to send an alert's webhook, by outcome: delivered, retrying, given_up, gone",
    ["outcome"],
)
DELIVERY_SECONDS = Histogram(
    "groundswell_alert_delivery_seconds",
    "How long receivers of webhooks take",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
STREAMS = Gauge(
    "groundswell_alert_streams",
    "Callers that listen to the event stream of alerts",
    multiprocess_mode="livesum",
)
