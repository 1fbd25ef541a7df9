"""What the messages of each topic mean: built in, or as a small TOML file says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any, Literal

import msgspec

from app.errors import InputError
from app.http.reasons import reason_of
from app.ingest.packing import TYPE_NUMBERS
from app.ingest.wire import EventIn, EventType

FIELDS = tuple(field.encode_name for field in msgspec.structs.fields(EventIn))
"""What a message may say of an event."""

Path_ = tuple[str | int, ...]
"""Names of objects and places in arrays, from the outside in."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_PATH = re.compile(r"(?:\$\.)?[^.\[\]]+(?:\[\d+\])*(?:\.[^.\[\]]+(?:\[\d+\])*)*")
_NAMES: dict[str, tuple[str, ...]] = {
    "type": ("type", "eventType", "event_type"),
    "contentId": ("contentId", "content_id", "videoId", "video_id", "itemId", "item_id"),
    "contentType": ("contentType", "content_type"),
    "id": ("eventId", "event_id"),
    "occurredAt": ("occurredAt", "occurred_at", "timestamp", "createdAt", "created_at", "time"),
    "userId": ("userId", "user_id"),
    "sessionId": ("sessionId", "session_id"),
    "userAgent": ("userAgent", "user_agent"),
}
"""Where a field is looked for unless the topic says so itself."""


class Topic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the messages of one topic mean, as the file says it."""

    type: EventType | None = None
    """What each message stands for; without it the message says so, by the field `type`."""
    types: dict[str, EventType] = {}
    """What the values of the field `type` stand for, beside our own names."""
    fields: dict[str, str | list[str]] = {}
    """Paths of an event's fields in the JSON of a message, the first that is there."""
    defaults: dict[str, Any] = {}
    """Values of fields that a message does not have."""
    rest: Literal["metadata", "drop"] = "metadata"
    """What becomes of what no field is for."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """A topic that is ready for use."""

    name: str
    type: EventType | None
    types: dict[str, EventType]
    paths: dict[str, tuple[tuple[str, Path_], ...]]
    """For each field the ways to it, each beside its text."""
    known: frozenset[str]
    """The names in all paths."""
    named: frozenset[str]
    """The fields that the topic itself says the paths of."""
    defaults: dict[str, Any]
    keeps_rest: bool


Mapping = dict[str, Rules]
"""The rules of each topic."""

BUILT_IN = {
    "video.viewed": Topic(type="view"),
    "video.liked": Topic(type="like"),
    "video.unliked": Topic(type="unlike"),
    "comment.created": Topic(type="comment", fields={"id": ["eventId", "event_id", "commentId"]}),
    "analytics.events": Topic(),
}


def read_mapping(path: Path | None) -> Mapping:
    """Return the rules of the topics that a file names; without a file, of those built in.

    A topic that is built in keeps what its table does not say. Raises `InputError` with the key,
    or the line, and what is wrong with it.
    """
    if path is None:
        return {name: compiled(name, topic) for name, topic in BUILT_IN.items()}
    try:
        text = path.read_text("utf-8")
        given = tomllib.loads(text)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no TOML: {error}") from error
    try:
        return mapping_of(given)
    except ValueError as error:
        key, _, fault = str(error).partition(": ")
        raise InputError(f"{path}{_line_of(text, key)}: {key}: {fault}") from error


def mapping_of(given: Map[str, Any]) -> Mapping:
    """Return the rules of what a mapping file says; raises `ValueError`: the key and the fault."""
    for name in given:
        if name != "topics":
            raise ValueError(f"{name}: no such key; expected topics")
    topics = given.get("topics")
    if not isinstance(topics, dict) or not topics:
        raise ValueError('topics: expected a table for each topic, such as [topics."video.viewed"]')
    return {name: compiled(name, _topic(name, table)) for name, table in topics.items()}


def _topic(name: str, table: object) -> Topic:
    where = f'topics."{name}"'
    built_in = BUILT_IN.get(name)
    base = {} if built_in is None else {"type": built_in.type, "fields": built_in.fields}
    try:
        return msgspec.convert(base | table if isinstance(table, dict) else table, Topic)
    except msgspec.ValidationError as error:
        key, colon, fault = reason_of(error, Topic).partition(": ")
        raise ValueError(f"{where}.{key}: {fault}" if colon else f"{where}: {key}") from error


def compiled(name: str, topic: Topic) -> Rules:
    """Return a topic ready for use; raises `ValueError`: the key and the fault."""
    where = f'topics."{name}"'
    for part, table in (("fields", topic.fields), ("defaults", topic.defaults)):
        for field in table:
            if field not in FIELDS:
                known = ", ".join(FIELDS)
                raise ValueError(f"{where}.{part}.{field}: no such field; expected one of {known}")
    if topic.type is not None and ("type" in topic.fields or topic.types):
        raise ValueError(f"{where}.type: is said already; leave out types and fields.type")
    try:
        sample = {"type": topic.type or "view", "contentId": "1", **topic.defaults}
        msgspec.convert(sample, EventIn)
    except msgspec.ValidationError as error:
        raise ValueError(f"{where}.defaults.{reason_of(error, EventIn)}") from error
    paths: dict[str, tuple[tuple[str, Path_], ...]] = {}
    for field in FIELDS:
        ways = topic.fields.get(field, _NAMES.get(field, (field,)))
        texts = (ways,) if isinstance(ways, str) else tuple(ways)
        paths[field] = tuple((text, _steps(f"{where}.fields.{field}", text)) for text in texts)
    return Rules(
        name=name,
        type=topic.type,
        types=topic.types,
        paths=paths,
        known=frozenset(text for ways in paths.values() for text, _ in ways),
        named=frozenset(topic.fields),
        defaults=topic.defaults,
        keeps_rest=topic.rest == "metadata",
    )


def _steps(where: str, text: str) -> Path_:
    if text.startswith("@"):
        if text not in {"@key", "@timestamp"} and not text.startswith("@header."):
            raise ValueError(f"{where}: {text!r} is none of @key, @timestamp, @header.NAME")
        return ()
    if not _PATH.fullmatch(text):
        raise ValueError(f"{where}: {text!r} is no path, such as data.items[0].id")
    return tuple(
        int(place) if place else name for name, place in _STEP.findall(text.removeprefix("$."))
    )


def is_type(name: str) -> bool:
    """Return whether that is one of our own types of events."""
    return name in TYPE_NUMBERS


def _line_of(text: str, key: str) -> str:
    """Return `:LINE` of a key's assignment, or of its topic's table, where it can be told."""
    *_, topic, inner = ("", key) if '"' not in key else key.split('"')[1:3]
    wanted = re.compile(rf"(?<![\w-])[\"']?{re.escape(inner.rpartition('.')[2])}[\"']?\s*=")
    found = ""
    within = not topic
    for number, line in enumerate(text.splitlines(), 1):
        if topic and line.lstrip().startswith("["):
            within = f".{topic}" in line.replace('"', "").replace("'", "")
            found = f":{number}" if within else found
        if within and inner and wanted.search(line):
            return f":{number}"
    return found
