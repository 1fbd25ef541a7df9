"""The JSON shapes of editorial rules and reviews."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from msgspec import Meta

from app.http.wire import Id, Moment, Name, Wire

Kind = Literal["pin", "feature", "block", "only", "cap", "hold", "age"]
Subject = Literal["item", "creator", "category", "contentType", "language", "term"]
State = Literal["waiting", "approved", "refused"]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class RuleIn(Wire, frozen=True, forbid_unknown_fields=True):
    """What an editor wants of lists; which fields a rule has follows from its kind."""

    kind: Kind
    """`pin` puts an item at a place, `feature` before what is not pinned, `block` takes out, `only`
    lets nothing else in, `cap` limits the places of each creator or category, `hold` has items
    reviewed before they first enter the top, `age` takes out what is too old or too young."""
    reason: Reason
    """Why: others read it."""
    ranking: Name | None = None
    """Of this ranking; null: of every one."""
    segment: Name | None = None
    """`pin` and `feature`: the part, such as `category:Music`; null: the whole list."""
    content_id: Id | None = None
    """`pin`, `feature`, and `block` of an item: which one."""
    content_type: Name | None = None
    """Type of that item; null: `video`."""
    subject: Subject | None = None
    """`block` and `only`: what `value` names; `cap`: `creator` or `category`."""
    value: Name | None = None
    """The name, or a term: whole words of a title, whatever their case and accents."""
    place: int | None = None
    """`pin`: from 1 to 100."""
    most: int | None = None
    """`cap`: how many of each may stand in a list."""
    top: int | None = None
    """`hold`: how many places."""
    oldest: timedelta | float | None = None
    """`age`: items that are older are left out; seconds, or an ISO 8601 duration such as `P30D`."""
    youngest: timedelta | float | None = None
    """`age`: items that are younger are left out."""
    until: Moment | None = None
    """When it ends by itself; a `pin` and a `feature` need it."""


class Rule(Wire, frozen=True):
    """An editorial rule, and who made it."""

    name: str
    """What its maker calls it."""
    kind: Kind
    """What it does."""
    ranking: str | None
    """Of this ranking; null: of every one."""
    segment: str | None
    """The part that a pin or feature is for; null: the whole list."""
    content_id: str | None
    """The item that it is about."""
    content_type: str | None
    """Type of that item."""
    title: str | None
    """Title of that item."""
    subject: Subject | None
    """What `value` names."""
    value: str | None
    """The name, or the term."""
    place: int | None
    """Where a pin puts it."""
    most: int | None
    """How many of each a cap leaves."""
    top: int | None
    """How many places are held."""
    oldest: float | None
    """Age in seconds above which items are left out."""
    youngest: float | None
    """Age in seconds below which items are left out."""
    reason: str
    """Why."""
    since: datetime
    """When it was made."""
    until: datetime | None
    """When it ends by itself; null: never."""
    made_by: str
    """The name of an API key, `admin key`, or who used the command line."""
    lifted_by: str | None
    """Who lifted or replaced it; null while nobody has."""
    lifted_at: datetime | None
    """Null while nobody has."""


class Rules(Wire, frozen=True):
    """Editorial rules, those in force before those that are over."""

    rules: list[Rule]
    """The rules, the newest first."""


class DecisionIn(Wire, frozen=True, forbid_unknown_fields=True):
    """What was decided about an item that waits for review."""

    approved: bool
    """Whether it may stand where its score puts it; otherwise it is left out."""
    content_type: Name = "video"
    """Type of the item, such as `video`."""
    reason: Reason | None = None
    """Why."""


class Review(Wire, frozen=True):
    """An item that came within a top that is held, and what was decided."""

    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    title: str | None
    """Title in the catalogue; null where it has none."""
    creator: str | None
    """Creator in the catalogue; null where it has none."""
    place: int
    """The place that it would have had when it was held; 0 where it was decided before it came."""
    held_at: datetime
    """When it first came there."""
    approved: bool | None
    """Null while it waits."""
    decided_by: str | None
    """Who decided."""
    decided_at: datetime | None
    """When."""
    reason: str | None
    """Why."""


class Reviews(Wire, frozen=True):
    """The items of a ranking that wait for review, or were decided."""

    ranking: str
    """Name of the ranking."""
    waiting: int
    """How many wait."""
    items: list[Review]
    """Who waits longest first; of those that were decided, the newest first."""
