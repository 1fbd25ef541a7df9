"""What Kafka messages mean: topics built in, mapping files, CloudEvents, ids and times."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.errors import InputError
from app.ingest.cloud_events import id_of
from app.ingest.dead_letters import DeadLetter
from app.ingest.wire import EventIn
from app.kafka import replay
from app.kafka.mapping import Mapping, mapping_of, read_mapping
from app.kafka.message import events_of
from app.kafka.replay import kept_fields

NOW = 1_790_000_000_000_000
AT = 1_789_999_000_123
"""When a message was published, in milliseconds."""
OWN = UUID("7d9f3a52-5a8e-4c39-9d0c-2d4f9a5f0001")
TIMED = UUID("018f0000-0000-7000-8000-000000000001")
SHOP = """
[topics."shop.clicks"]
types = {clicked = "view", bought = "share"}
fields = {type = "what.action", contentId = ["item.sku", "skus[0]"], userId = "@key"}
defaults = {contentType = "product"}
rest = "drop"

[topics."video.viewed"]

[topics.watched]
type = "watch_time"
fields = {id = "id", seconds = "$.played.s", occurredAt = "@header.at", sessionId = "device.id"}
"""


class Sent(msgspec.Struct, kw_only=True):
    """A message."""

    topic: str = "video.viewed"
    partition: int = 0
    offset: int = 0
    timestamp: int = AT
    key: bytes | None = None
    value: bytes | None = b""
    headers: Sequence[tuple[str, bytes | None]] = ()


def sent(body: object, topic: str = "video.viewed", **other: Any) -> Sent:
    value = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    return Sent(topic=topic, value=value, **other)


def read(message: Sent, mapping: Mapping | None = None) -> list[EventIn | str]:
    rules = (mapping or read_mapping(None))[message.topic]
    return events_of(message, rules, max_event_bytes=2_000, now=NOW)


def one(message: Sent, mapping: Mapping | None = None) -> EventIn:
    (event,) = read(message, mapping)
    assert isinstance(event, EventIn), event
    return event


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    file = tmp_path_factory.mktemp("mapping") / "kafka.toml"
    file.write_text(SHOP)
    return read_mapping(file)


@pytest.mark.parametrize(
    ("topic", "body", "expected"),
    [
        ("video.viewed", {"videoId": 7, "userId": 12}, {"type": "view", "content_id": 7}),
        ("video.viewed", {"videoId": "7", "userId": "u"}, {"content_id": "7", "user_id": "u"}),
        ("video.viewed", {"video_id": 7.0, "userId": None}, {"content_id": 7, "user_id": None}),
        ("video.liked", {"videoId": 7, "userId": 12}, {"type": "like", "user_id": 12}),
        ("video.unliked", {"videoId": 7, "userId": 12}, {"type": "unlike"}),
        ("comment.created", {"videoId": 7, "text": "hi"}, {"metadata": {"text": "hi"}}),
        ("analytics.events", {"type": "share", "contentId": "x"}, {"type": "share"}),
        ("analytics.events", {"eventType": "viewed", "itemId": 1}, {"type": "view"}),
        (
            "analytics.events",
            {"type": "watch_time", "contentId": "x", "seconds": 3, "count": 2, "metadata": {}},
            {"seconds": 3.0, "count": 2, "metadata": {}},
        ),
    ],
)  # fmt: skip
def test_topics_built_in(topic: str, body: dict[str, Any], expected: dict[str, Any]) -> None:
    event = one(sent(body, topic))
    assert {name: getattr(event, name) for name in expected} == expected
    assert event.occurred_at == datetime.fromtimestamp(AT / 1_000, UTC)


@pytest.mark.parametrize(
    "given",
    [
        "2026-09-21T14:13:20Z", "2026-09-21T16:13:20+02:00", 1_790_000_000, 1_790_000_000.0,
        "1790000000", 1_790_000_000_000, "1790000000000", 1_790_000_000_000_000,
        1_790_000_000_000_000_000,
    ],
)  # fmt: skip
def test_times(given: object) -> None:
    event = one(sent({"videoId": 1, "timestamp": given}))
    assert event.occurred_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"", "contentId: missing; looked for contentId, content_id, videoId, video_id, itemId"),
        (7, "expected an object"),
        ({"userId": 1}, "contentId: missing; looked for"),
        ({"videoId": True}, "contentId: expected text or a whole number"),
        ({"videoId": ""}, "contentId: expected text"),
        ({"videoId": 1, "timestamp": "soon"}, "occurredAt: expected an RFC 3339 time"),
        ({"videoId": 1, "timestamp": "2026-09-21T14:13:20"}, "occurredAt: expected"),
        ({"videoId": 1, "timestamp": 1e300}, "occurredAt: expected"),
        ({"videoId": 1, "eventId": []}, "id: expected text or a whole number"),
        ({"videoId": 1, "note": "x" * 2_000}, "larger than 2000 bytes"),
        (b'{"videoId": "a\\u0000"}', "contains U+0000"),
        ([{"videoId": 1}] * 2_001, "2001 events in one message; at most 2000"),
    ],
)
def test_poison(body: object, reason: str) -> None:
    (fault,) = read(sent(body))
    assert isinstance(fault, str)
    assert fault.startswith(reason)


def test_one_bad_event_of_a_message_does_not_sink_the_others() -> None:
    message = sent([{"videoId": 1}, {}, {"videoId": 2}])
    first, bad, last = read(message)
    assert isinstance(bad, str)
    assert isinstance(first, EventIn)
    assert isinstance(last, EventIn)
    assert first.id != last.id


def test_what_removes_a_key_is_no_event() -> None:
    assert read(sent(None)) == []


def test_a_schema_registry_s_header_is_skipped() -> None:
    assert one(sent(b'\0\0\0\0\x07{"videoId": 1}')).content_id == 1


def test_a_message_s_own_id_goes_first() -> None:
    assert one(sent({"videoId": 1, "eventId": str(OWN)})).id == OWN
    event = one(sent({"videoId": 1, "id": str(OWN)}))
    assert (event.id, event.metadata) == (OWN, None)
    # What is no UUID may be the video's id, or the user's.
    made = one(sent({"videoId": 1, "id": 7}))
    assert made.metadata == {"id": 7}
    assert made.id != one(sent({"videoId": 1, "id": 7}, offset=1)).id
    # Its time is inside of it.
    assert one(sent({"videoId": 1, "eventId": str(TIMED)})).occurred_at is None


def test_other_ids_become_the_same_uuid_each_time_and_are_their_topic_s_own() -> None:
    event = one(sent({"videoId": 1, "eventId": "e-7"}))
    assert event.id == one(sent({"videoId": 1, "eventId": "e-7"}, offset=9, timestamp=5)).id
    other = one(sent({"videoId": 1, "eventId": "e-7"}, "video.liked"))
    assert event.id != other.id
    comment = one(sent({"videoId": 1, "commentId": 7}, "comment.created"))
    again = one(sent({"videoId": 1, "commentId": 7}, "comment.created", offset=3))
    assert comment.id == again.id


@pytest.mark.parametrize(
    "other",
    [
        {"partition": 1}, {"offset": 1}, {"timestamp": AT + 1}, {"topic": "video.liked"},
        {"body": {"videoId": 2}}, {"key": b"k"},
    ],
)  # fmt: skip
def test_ids_are_made_of_where_when_and_what(other: dict[str, Any]) -> None:
    """A topic that is made anew counts from 0 again: its events are others all the same."""
    plain: dict[str, Any] = {"body": {"videoId": 1}}
    event = one(sent(**plain))
    assert event.id == one(sent(**plain)).id
    assert event.id != one(sent(**{**plain, **other})).id


def test_a_message_without_a_time_of_its_own_happens_when_it_comes() -> None:
    event = one(sent({"videoId": 1}, timestamp=-1))
    assert event.occurred_at == datetime.fromtimestamp(NOW / 1_000_000, UTC)
    assert event.id == one(sent({"videoId": 1}, timestamp=-1)).id


CLOUD = {
    "specversion": "1.0", "id": "7", "source": "/app", "type": "video.liked",
    "time": "2026-09-21T14:13:20Z", "subject": "v1",
}  # fmt: skip


@pytest.mark.parametrize("content_type", [b"application/cloudevents+json; charset=utf-8", b""])
def test_structured_cloud_events(content_type: bytes) -> None:
    body = {**CLOUD, "data": {"userId": 3, "videoId": "loses"}}
    headers = (("Content-Type", content_type),) if content_type else ()
    event = one(sent(body, headers=headers))
    assert event == one(sent(body, offset=5, headers=headers))
    assert (event.type, event.content_id, event.content_type) == ("like", "v1", "video")
    assert (event.id, event.user_id, event.metadata) == (id_of("/app", "7"), 3, None)
    assert event.occurred_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


def test_binary_cloud_events() -> None:
    headers = tuple((f"ce_{name}", value.encode()) for name, value in CLOUD.items())
    event = one(sent({"userId": 3}, "analytics.events", headers=headers))
    assert event == one(sent({**CLOUD, "data": {"userId": 3}}, "analytics.events"))
    assert one(sent(None, "analytics.events", headers=headers)).content_id == "v1"
    without = tuple(header for header in headers if header[0] != "ce_subject")
    assert one(sent({"videoId": 4}, headers=without)).content_id == 4


@pytest.mark.parametrize(
    ("change", "topic", "reason"),
    [
        ({"type": "video.made"}, "analytics.events", "type: 'video.made' says nothing"),
        ({"id": None}, "video.viewed", "id: expected text"),
        ({"subject": None}, "video.viewed", "contentId: missing"),
    ],
)
def test_cloud_events_that_say_too_little(change: dict[str, Any], topic: str, reason: str) -> None:
    (fault,) = read(sent({**CLOUD, **change}, topic))
    assert isinstance(fault, str)
    assert fault.startswith(reason)


def test_a_mapping_file_says_what_other_topics_mean(shop: Mapping) -> None:
    assert sorted(shop) == ["shop.clicks", "video.viewed", "watched"]
    click = {"what": {"action": "bought"}, "item": {"sku": 12}, "more": 1}
    event = one(sent(click, "shop.clicks", key=b"u1"), shop)
    assert (event.type, event.content_id, event.user_id) == ("share", 12, "u1")
    assert (event.content_type, event.metadata) == ("product", None)
    listed = {"what": {"action": "like"}, "skus": ["s", "t"]}
    event = one(sent(listed, "shop.clicks"), shop)
    assert (event.type, event.content_id, event.user_id) == ("like", "s", None)
    assert read(sent({"what": {"action": "?"}, "skus": ["s"]}, "shop.clicks"), shop) == [
        "type: expected one of view, like, unlike, comment, uncomment, share, watch_time"
    ]
    assert one(sent({"videoId": 1}), shop).type == "view"
    body = {"id": "w7", "videoId": 1, "played": {"s": 2.5}, "device": {"id": "d"}, "at": 1}
    event = one(sent(body, "watched", headers=(("At", b"1790000000"),)), shop)
    assert (event.seconds, event.session_id, event.metadata) == (2.5, "d", {"at": 1})
    assert event.occurred_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert event.id == one(sent(body, "watched", offset=7), shop).id


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[topics.a]\ntype = view\n", "no TOML: .*line 2"),
        ("", "topics: expected a table for each topic"),
        ("topic = 1", ":1: topic: no such key; expected topics"),
        ('[topics."a.b"]\ntype = "seen"', r':2: topics\."a\.b"\.type: expected one of view, like'),
        ("[topics.a]\ntipe = 1", r':2: topics\."a"\.tipe: no such field'),
        ("[topics]\na = 1", r'topics\."a": expected an object'),
        ("[topics.a]\nfields = {video = 'x'}", r':2: .*fields\.video: no such field; expect'),
        ("[topics.a]\n\nfields = {contentId = 'a..b'}", r":3: .*fields\.contentId: 'a..b' is no"),
        ("[topics.a]\nfields = {userId = '@name'}", r":2: .*userId: '@name' is none of @key"),
        ("[topics.a]\ndefaults = {count = 0}", r":2: .*defaults\.count: expected a whole numb"),
        ("[topics.b]\n[topics.a]\ntype = 'view'\ntypes = {a = 'like'}", r":3: .*type: is said"),
        ("[topics.a]\nrest = 'keep'", r":2: .*rest: expected one of metadata, drop"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_file_names_line_key_and_fault(
    text: str, fault: str, tmp_path: Path
) -> None:
    file = tmp_path / "kafka.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=f"kafka.toml.*{fault}"):
        read_mapping(file)


def test_a_mapping_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: cannot be read: No such file"):
        read_mapping(tmp_path / "none.toml")


PAGE = (Path(__file__).parents[2] / "docs" / "kafka.md").read_text()


def test_the_examples_of_the_page_are_events() -> None:
    rows = re.findall(r"^\| `([a-z.]+)` \| [^|]+ \| `(\{.*\})` \|$", PAGE, re.MULTILINE)
    assert [topic for topic, _ in rows] == list(read_mapping(None))
    for topic, body in rows:
        one(sent(body.encode(), topic))


def test_the_mapping_file_of_the_page_is_one() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    mapping = mapping_of(tomllib.loads(text))
    bought = {"what": {"action": "bought"}, "item": {"sku": "s"}}
    assert one(sent(bought, "shop.clicks"), mapping).type == "share"


@pytest.mark.parametrize("name", ["content-type", "ce_specversion", "ce_time"])
def test_a_header_that_is_null_is_as_if_it_were_not_there(name: str) -> None:
    """Kafka allows it; raised, it would stop the partition."""
    message = sent({"videoId": "a"}, headers=[(name, None)])
    (event,) = read(message)
    assert isinstance(event, EventIn)
    assert event.content_id == "a"


def test_a_dead_letter_keeps_null_headers() -> None:
    """The ids of its events are made of the message as it was."""
    kept = kept_fields(sent(b"no JSON", headers=[("a", None), ("b", b"")]))
    letter = DeadLetter(
        id="1-0",
        first_id="t/0/7",
        reason="",
        died_at=0,
        events=None,
        message=b"no JSON",
        fields=kept,
    )
    assert replay._message_of(letter).headers == [("a", None), ("b", b"")]
