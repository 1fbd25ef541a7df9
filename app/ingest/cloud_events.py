"""CloudEvents 1.0 in structured JSON: what becomes of each of their attributes.

`id` becomes the event's id: itself, where it is a UUID, else one made of `source` and `id`, which
together name an event. `time` becomes `occurredAt`, `subject` the content id, and the last words of
`type` what happened. `data` may say the rest; what no field of ours is for goes to `metadata`.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta

from app.http.lenient import decode, plain
from app.http.reasons import reason_of
from app.http.wire import Id, Moment
from app.ingest.wire import EventIn, EventType

NAMESPACE = UUID("6f9b2c1e-2d55-5c0e-9a41-3d1f0a5c7e10")
"""Of the ids made of `source` and `id`. Never to be changed, or what is sent again counts twice."""

_VERBS: dict[str, EventType] = {
    "view": "view",
    "viewed": "view",
    "like": "like",
    "liked": "like",
    "unlike": "unlike",
    "unliked": "unlike",
    "comment": "comment",
    "commented": "comment",
    "comment.created": "comment",
    "uncomment": "uncomment",
    "uncommented": "uncomment",
    "comment.deleted": "uncomment",
    "share": "share",
    "shared": "share",
    "watch_time": "watch_time",
    "watched": "watch_time",
}
_FIELDS = {field.encode_name for field in msgspec.structs.fields(EventIn)}
_Text = Annotated[str, Meta(min_length=1)]


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes that matter here; others are ignored, as extensions are."""

    specversion: Literal["1.0"]
    """Version of CloudEvents."""
    id: _Text
    """Counts once for each `source`, however often it is sent."""
    source: _Text
    """Where the event comes from."""
    type: _Text
    """Its last words say what happened, such as `com.example.viewed`."""
    subject: Id | None = None
    """Id of the item."""
    time: Moment | None = None
    """When it happened."""
    data: dict[str, object] | None = None
    """What else an event may say, by the names of its fields."""
    data_base64: str | None = None
    """Refused: data must be JSON."""


_DECODER = msgspec.json.Decoder(CloudEvent)


def decode_cloud_event(piece: bytes) -> EventIn | str:
    """Return the event in a CloudEvent, or why it is none of ours.

    Raises what msgspec raises for an envelope that is none.
    """
    envelope = decode(piece, _DECODER)
    event_type = type_of(envelope.type)
    if event_type is None:
        return f"type: expected one that ends in {', '.join(_VERBS)}"
    if envelope.data_base64 is not None:
        return "data_base64: expected data, a JSON object"
    given = {name: value for name, value in (envelope.data or {}).items() if name in _FIELDS}
    given = plain(given, EventIn)
    other = {name: value for name, value in (envelope.data or {}).items() if name not in _FIELDS}
    if other:
        metadata = given.get("metadata") or {}
        given["metadata"] = {**other, **metadata} if isinstance(metadata, dict) else metadata
    if envelope.subject is not None:
        given["contentId"] = envelope.subject
    if envelope.time is not None:
        given["occurredAt"] = envelope.time
    if (content_type := content_type_of(envelope.type)) is not None:
        given.setdefault("contentType", content_type)
    try:
        return msgspec.convert(
            {**given, "type": event_type, "id": id_of(envelope.source, envelope.id)}, EventIn
        )
    except msgspec.ValidationError as error:
        reason = reason_of(error)
        return "subject: missing" if reason == "contentId: missing" else reason


def type_of(name: str) -> EventType | None:
    """Return what happened, by the last one or two words of a CloudEvent's type."""
    words = name.lower().replace("-", "_").split(".")
    return _VERBS.get(".".join(words[-2:])) or _VERBS.get(words[-1])


def content_type_of(name: str) -> str | None:
    """Return the content type that a type such as `movie.viewed` names.

    Longer ones begin with somebody's domain, and a comment is made on something else.
    """
    words = name.lower().split(".")
    return words[0] if len(words) == 2 and words[0] not in {"", "comment"} else None


def id_of(source: str, name: str) -> UUID:
    """Return the id of an event: always the same for the same source and id."""
    try:
        return UUID(name)
    except ValueError:
        # The length keeps apart what would be the same text when joined.
        return uuid5(NAMESPACE, f"{len(source)}:{source}{name}")
