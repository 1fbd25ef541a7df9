"""The demo's traffic over Kafka: what a topic's plain message cannot say goes the long way."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from app.dev.kafka import message_of
from app.ingest.wire import EventIn

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "topic"),
    [
        (EventIn(type="view", content_id="waves", occurred_at=NOON), "video.viewed"),
        (EventIn(type="view", content_id="waves", occurred_at=NOON, count=9), "analytics.events"),
        (
            EventIn(type="like", content_id="waves", content_type="tv", occurred_at=NOON),
            "analytics.events",
        ),
        (EventIn(type="share", content_id="waves", occurred_at=NOON), "analytics.events"),
    ],
)
def test_no_count_and_no_type_is_lost_on_the_way(event: EventIn, topic: str) -> None:
    found, message, key = message_of(event)
    assert (found, key) == (topic, b"waves")
    if topic == "analytics.events":
        assert msgspec.json.decode(message, type=EventIn) == event
