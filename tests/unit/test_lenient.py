"""One rule for the JSON of all routes: null is absent, and 1.0 a whole number."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from app.alerts.wire import AlertChanges, AlertIn
from app.errors import BadRequestError
from app.http.body import decoded_bytes
from app.ingest.cloud_events import CloudEvent, decode_cloud_event
from app.ingest.decode import decode_action
from app.ingest.wire import ActionIn, EventIn
from app.items.wire import ExclusionIn, ItemIn
from app.rankings.wire import RankingChanges
from app.stats.recompute_wire import RecomputeIn

LEAST: dict[type[msgspec.Struct], dict[str, Any]] = {
    EventIn: {"type": "view", "contentId": "a"},
    ActionIn: {},
    CloudEvent: {"specversion": "1.0", "id": "1", "source": "s", "type": "viewed"},
    ItemIn: {"contentId": "a"},
    ExclusionIn: {"reason": "r"},
    AlertIn: {"condition": {"type": "passesCount", "metric": "views", "count": 9.0}},
    AlertChanges: {},
    RankingChanges: {},
    RecomputeIn: {"period": "daily"},
}
"""What each body must have at least."""


def fields() -> list[Any]:
    return [
        pytest.param(kind, field, id=f"{kind.__name__}.{field.encode_name}")
        for kind in LEAST
        for field in msgspec.structs.fields(kind)
        if not field.required
    ]


def decoded(kind: type[msgspec.Struct], body: object) -> Any:
    return decoded_bytes(json.dumps(body).encode(), msgspec.json.Decoder(kind))


@pytest.mark.parametrize(("kind", "field"), fields())
def test_null_is_absent_unless_it_means_something(
    kind: type[msgspec.Struct], field: msgspec.structs.FieldInfo
) -> None:
    given = getattr(decoded(kind, {**LEAST[kind], field.encode_name: None}), field.name)
    absent = getattr(decoded(kind, LEAST[kind]), field.name)
    means_something = "None" in str(field.type)
    assert given == (None if means_something else absent)
    assert absent == field.default


@pytest.mark.parametrize("kind", LEAST)
def test_null_for_what_must_be_there_is_missing(kind: type[msgspec.Struct]) -> None:
    for name in LEAST[kind]:
        with pytest.raises(BadRequestError, match=f"{name}: missing"):
            decoded(kind, {**LEAST[kind], name: None})


@pytest.mark.parametrize("kind", LEAST)
def test_a_whole_number_may_be_written_as_any(kind: type[msgspec.Struct]) -> None:
    for field in inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        kinds = getattr(field.type, "types", (field.type,))
        if not any(isinstance(each, inspect.IntType) for each in kinds):
            continue
        body = json.dumps({**LEAST[kind], field.encode_name: 0}).replace(": 0", ": {}")
        decoder = msgspec.json.Decoder(kind)
        for written in ("7.0", "7e0", "70e-1"):
            given = getattr(
                decoded_bytes(body.replace("{}", written).encode(), decoder), field.name
            )
            assert (given, type(given)) == (7, int)
        with pytest.raises(BadRequestError, match=f"{field.encode_name}: expected .*whole number"):
            decoded_bytes(body.replace("{}", "7.5").encode(), decoder)


def test_events_are_taken_by_the_same_rule_on_every_way() -> None:
    envelope = LEAST[CloudEvent]
    data = {"contentId": 7.0, "count": 1e3, "contentType": None, "metadata": {"a": None, "b": 1.0}}
    event = decode_cloud_event(json.dumps({**envelope, "data": data, "time": None}).encode())
    assert isinstance(event, EventIn)
    assert (event.content_id, event.count, event.content_type) == (7, 1_000, "video")
    assert event.metadata == {"a": None, "b": 1.0}
    body = b'{"userId": 7.0, "contentType": null, "id": null}'
    action = decode_action(body, event_type="view", content_id="a")
    assert action == EventIn(type="view", content_id="a", user_id=7)
