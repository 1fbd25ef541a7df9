"""The JSON shapes of events, and of what became of them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from app.http.wire import Id, Moment, Name, Wire

EventType = Literal["view", "like", "unlike", "comment", "uncomment", "share", "watch_time"]


class EventIn(Wire, frozen=True, forbid_unknown_fields=True):
    """One engagement event as a caller sends it."""

    type: EventType
    """What happened."""
    content_id: Id
    """Id of the item."""
    content_type: Name = "video"
    """Type of the item, such as `video`."""
    id: UUID | None = None
    """Counts once, however often it is sent; made by the server where it is absent."""
    occurred_at: Moment | None = None
    """When it happened; the time inside a UUIDv7 `id`, or the time of arrival, where absent."""
    user_id: Id | None = None
    """Who did it, in your terms: viewers are told apart by it."""
    session_id: Id | None = None
    """In which session, in your terms."""
    count: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    """How many events of this kind this one stands for."""
    seconds: Annotated[float, Meta(ge=0, le=86_400)] | None = None
    """Seconds watched by each of `count`; required for `watch_time`, refused for other types."""
    user_agent: Annotated[str, Meta(max_length=1_000)] | None = None
    """The viewer's, as a server was told it: a bot's event is kept, but not counted."""
    metadata: dict[str, object] | None = None
    """Anything else, kept with the raw event."""


class Rejection(Wire, frozen=True):
    """Why the event at `index` of the request was not accepted."""

    index: int
    """Which event of the request, from 0."""
    reason: str
    """What was wrong with it: the field first."""


class Uncounted(Wire, frozen=True):
    """Why the event at `index` of the request is kept, but counted nowhere."""

    index: int
    """Which event of the request, from 0."""
    reason: str
    """Such as `bot: ` and what gave it away."""


class Accepted(Wire, frozen=True, omit_defaults=True):
    """What became of the events of a request."""

    accepted: int
    """How many events were accepted."""
    rejected: list[Rejection]
    """Empty when all were accepted."""
    duplicates: int | None = None
    """How many of the accepted were recorded before; absent where it is not known yet."""
    uncounted: list[Uncounted] | None = None
    """Which of the accepted are kept but not counted, such as a bot's; absent where all count."""


class ActionIn(Wire, frozen=True, forbid_unknown_fields=True):
    """What a view, like, comment or share may say beside the item it is about."""

    content_type: Name | None = None
    """Type of the item; the one in the query goes before it."""
    id: UUID | None = None
    """Counts once, however often it is sent; made by the server where it is absent."""
    occurred_at: Moment | None = None
    """When it happened; the time inside a UUIDv7 `id`, or the time of arrival, where absent."""
    user_id: Id | None = None
    """Who did it, in your terms: viewers are told apart by it."""
    session_id: Id | None = None
    """In which session, in your terms."""
    user_agent: Annotated[str, Meta(max_length=1_000)] | None = None
    """The viewer's, as a server was told it: a bot's event is kept, but not counted."""
    metadata: dict[str, object] | None = None
    """Anything else, kept with the raw event."""


class Refused(Wire, frozen=True):
    """An RFC 9457 problem: every event of the request was rejected."""

    type: str
    """`/problems/…`, which never changes: its page says what to do."""
    title: str
    """What went wrong, the same words each time."""
    status: int
    """HTTP status."""
    detail: str
    """What was wrong this time."""
    accepted: int
    """None."""
    rejected: list[Rejection]
    """Why each of the others was not."""
    instance: str | None = None
    """Path of the request."""
