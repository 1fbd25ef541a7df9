"""What reading from Kafka counts, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

MESSAGES = Counter("groundswell_kafka_messages", "Messages read and committed", ["topic"])
POISON = Counter(
    "groundswell_kafka_poison",
    "Messages, or events of them, that went to the dead letters",
    ["topic"],
)
LAG = Gauge(
    "groundswell_kafka_lag", "Messages that wait in a partition of ours", ["topic", "partition"]
)
PAUSED = Gauge("groundswell_kafka_paused", "1 while our partitions are paused, as writing is slow")
REBALANCES = Counter("groundswell_kafka_rebalances", "How often partitions were taken from us")
