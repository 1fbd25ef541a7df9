"""What ingestion counts, by the names that Prometheus shows."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ACCEPTED = Counter(
    "groundswell_events_accepted",
    "Events accepted, by where they went: the stream, or straight to the database",
    ["way"],
)
REJECTED = Counter("groundswell_events_rejected", "Events refused, each with a reason")
WRITTEN = Counter("groundswell_events_written", "Events inserted into the hypertable")
DUPLICATES = Counter("groundswell_events_duplicate", "Events not inserted, being there already")
CONFLICTS = Counter(
    "groundswell_events_conflicting",
    "Events not inserted, as their id was used before for another type, item or user",
)
DEAD = Counter("groundswell_dead_letters", "Entries and events moved to the dead letters")
BATCH_SECONDS = Histogram(
    "groundswell_writer_batch_seconds",
    "Time from a collected batch to its acknowledgement",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REPEATS = Counter("groundswell_views_repeated", "Views kept but not counted, being repeats")
BOTS = Counter(
    "groundswell_events_of_bots", "Events kept but not counted, sent by bots or unseen pages"
)
LIMITED = Counter("groundswell_requests_limited", "Requests refused with 429, by limit", ["limit"])
UNLIMITED = Counter(
    "groundswell_unlimited",
    "What passed because nobody could tell: requests by rate limits, views by the look for repeats "
    "(Redis was down), items by the look into the catalogue (the database was)",
    ["limit"],
)
OLDEST_SECONDS = Gauge(
    "groundswell_stream_oldest_seconds",
    "Age of the oldest event that waits to be written, by lane (live or backfill) and shard",
    ["lane", "shard"],
    multiprocess_mode="mostrecent",
)
