"""The JSON shapes that cross Groundswell's border, camelCase, as msgspec Structs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

EventType = Literal["view", "like", "unlike", "comment", "uncomment", "share", "watch_time"]
Window = Literal["1h", "24h", "7d", "30d", "all", "today", "week", "month"]

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Moment = Annotated[datetime, Meta(tz=True)]


class Wire(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=False,
):
    """Base of everything sent or received as JSON."""


class EventIn(Wire, frozen=True, forbid_unknown_fields=True):
    """One engagement event as a caller sends it."""

    type: EventType
    content_id: Name
    content_type: Name = "video"
    id: UUID | None = None
    """Counts once, however often it is sent; made by the server where it is absent."""
    occurred_at: Moment | None = None
    """When it happened; the time inside a UUIDv7 `id`, or the time of arrival, where absent."""
    user_id: Name | None = None
    session_id: Name | None = None
    count: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    """How many events of this kind this one stands for."""
    seconds: Annotated[float, Meta(ge=0, le=86_400)] | None = None
    """Seconds watched by each of `count`; required for `watch_time`, refused for other types."""
    user_agent: Annotated[str, Meta(max_length=1_000)] | None = None
    """The viewer's, as a server was told it: a bot's event is kept, but not counted."""
    metadata: dict[str, object] | None = None


class Rejection(Wire, frozen=True):
    """Why the event at `index` of the request was not accepted."""

    index: int
    reason: str


class Accepted(Wire, frozen=True, omit_defaults=True):
    """What became of the events of a request."""

    accepted: int
    rejected: list[Rejection]
    """Empty when all were accepted."""
    duplicates: int | None = None
    """How many of the accepted were recorded before; absent where it is not known yet."""


class ActionIn(Wire, frozen=True, forbid_unknown_fields=True):
    """What a view, like, comment or share may say beside the item it is about."""

    content_type: Name | None = None
    id: UUID | None = None
    """Counts once, however often it is sent; made by the server where it is absent."""
    occurred_at: Moment | None = None
    """When it happened; the time inside a UUIDv7 `id`, or the time of arrival, where absent."""
    user_id: Name | None = None
    session_id: Name | None = None
    user_agent: Annotated[str, Meta(max_length=1_000)] | None = None
    """The viewer's, as a server was told it: a bot's event is kept, but not counted."""
    metadata: dict[str, object] | None = None


class Refused(Wire, frozen=True):
    """An RFC 9457 problem: every event of the request was rejected."""

    type: str
    title: str
    status: int
    detail: str
    accepted: int
    rejected: list[Rejection]
    instance: str | None = None


class ItemIn(Wire, frozen=True, forbid_unknown_fields=True):
    """One catalogue entry; what is absent stays as it was, null clears it (RFC 7396)."""

    content_id: Name
    content_type: Name = "video"
    title: Annotated[str, Meta(max_length=500)] | UnsetType | None = UNSET
    category: Name | UnsetType | None = UNSET
    creator: Name | UnsetType | None = UNSET
    published_at: Moment | UnsetType | None = UNSET
    attributes: dict[str, object] | UnsetType | None = UNSET
    """Merged key by key: null removes a key, or all of them."""


class ItemsWritten(Wire, frozen=True):
    """How many catalogue entries are now as a `PUT /items` said."""

    written: int


class TrendingItem(Wire, frozen=True):
    """One line of a ranking."""

    rank: int
    previous_rank: int | None
    """Its rank in the run before; null for a new entry."""
    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    score: float
    is_hot: bool | None
    """Whether it was among the hottest fifth then; null where that is not known any more, and for
    categories and creators."""
    views: int
    likes: int
    comments: int
    shares: int


class Trending(Wire, frozen=True, kw_only=True):
    """A page of a ranking as of one run; counts are those inside the window.

    Before the first run there are no items, and `runId` and `asOf` are null.
    """

    ranking: str
    window: Window
    segment: str | None
    """The part ranked by itself, such as `category:Music`; null for the whole list."""
    run_id: int | None
    as_of: datetime | None
    """The moment the scores hold for; an order that nothing has changed since still holds."""
    stale: bool
    """True when scoring or publishing has stood still for three minutes or more."""
    items: list[TrendingItem]
    next_cursor: str | None
    """Send it as `cursor` for the next page of the same snapshot; null on the last page."""


class ItemStats(Wire, frozen=True):
    """Counts of one item: today and this month in UTC, and over its lifetime."""

    content_id: str
    content_type: str
    views_today: int
    views_month: int
    views_total: int
    likes_today: int
    likes_month: int
    likes_total: int
    comments_today: int
    comments_month: int
    comments_total: int
    shares_today: int
    shares_month: int
    shares_total: int
    watch_seconds_today: float
    watch_seconds_month: float
    watch_seconds_total: float
    as_of: datetime
    stale: bool = False
    """True when the database is down and this is the last known value."""


class Problem(Wire, frozen=True, omit_defaults=True):
    """An RFC 9457 problem: `type` is stable, `detail` says what was wrong this time."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None


class Dependency(Wire, frozen=True):
    """Whether Redis or the database answered just now."""

    up: bool
    detail: str | None = None
    """What is wrong, when it is not up."""


class Liveness(Wire, frozen=True):
    """The process is up and its event loop turns."""

    status: Literal["live"] = "live"


class Readiness(Wire, frozen=True):
    """Whether this process can serve and accept, and what it has to do without."""

    status: Literal["ready", "degraded", "unready"]
    degraded: list[str]
    """The dependencies that are down; empty when `status` is `ready`."""
    database: Dependency
    redis: Dependency
    snapshot_ages: dict[str, float]
    """Seconds since each served ranking was last known to be right."""
