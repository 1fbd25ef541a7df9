"""CloudEvents: the mapping of their attributes."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from app.ingest.cloud_events import content_type_of, decode_cloud_event, id_of, type_of
from app.ingest.wire import EventIn


@pytest.mark.parametrize(
    ("name", "event_type", "content_type"),
    [
        ("com.groundswell.view", "view", None),
        ("video.viewed", "view", "video"),
        ("Video.Liked", "like", "video"),
        ("video.unliked", "unlike", "video"),
        ("movie.watch-time", "watch_time", "movie"),
        ("comment.created", "comment", None),
        ("org.example.comment.deleted", "uncomment", None),
        ("share", "share", None),
        ("video.created", None, "video"),
        ("", None, None),
    ],
)
def test_types(name: str, event_type: str | None, content_type: str | None) -> None:
    assert type_of(name) == event_type
    assert content_type_of(name) == content_type


def test_ids_are_kept_or_made_of_source_and_id() -> None:
    own = UUID("018f0000-0000-7000-8000-000000000001")
    assert id_of("/a", str(own)) == own
    assert id_of("/a", "1") == id_of("/a", "1") == UUID("29cbe984-3ff4-5a7a-be9a-27bf14083ba0")
    assert len({id_of("/a", "b1"), id_of("/ab", "1"), id_of("/a", "1")}) == 3


def test_the_rest_comes_from_data_and_what_is_unknown_is_kept() -> None:
    event = decode_cloud_event(
        json.dumps(
            {
                "specversion": "1.0",
                "id": "1",
                "source": "s",
                "type": "x.y.watched",
                "subject": "wins",
                "time": "2026-01-01T00:00:00Z",
                "data": {
                    "contentId": "loses",
                    "contentType": "film",
                    "seconds": 3,
                    "quality": "4k",
                    "metadata": {"a": 1},
                },
                "traceparent": "ignored",
            }
        ).encode()
    )
    assert isinstance(event, EventIn)
    assert (event.content_id, event.content_type, event.seconds) == ("wins", "film", 3)
    assert event.metadata == {"quality": "4k", "a": 1}
    assert event.occurred_at is not None
    assert event.occurred_at.isoformat() == "2026-01-01T00:00:00+00:00"
