"""The JSON shapes of rankings as such: settings, explanations, previews, refreshes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from app.http.wire import Wire

Window = Literal["1h", "24h", "7d", "30d", "all", "today", "week", "month"]


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


class RankingOverview(Wire, frozen=True):
    """A ranking with its settings and its newest run."""

    name: str
    formula: str
    description: str
    """The formula in one sentence."""
    window: Window
    """What is ranked had an event in this window."""
    subject: str
    """What is ranked: `item`, `category` or `creator`."""
    content_type: str | None
    """Only items of this type; null: all."""
    segments: list[str]
    """By what it is ranked in parts too: `category`, `contentType`, `creator`."""
    size: int
    """Most entries."""
    schedule: str
    """When it is computed: five cron fields, in `zone`."""
    zone: str
    enabled: bool
    run_id: int | None
    """Its newest run; null before the first."""
    as_of: datetime | None
    """The moment the scores of that run hold for."""
    confirmed_at: datetime | None
    """Up to when its order and counts are known to hold: a run that finds nothing new moves only
    this on."""


class Rankings(Wire, frozen=True):
    """Every ranking there is."""

    rankings: list[RankingOverview]


class ScoreComponent(Wire, frozen=True):
    """One part of a score."""

    component: str
    points: float
    """What it is worth now; all add up to the score where the formula is a sum."""
    weight: float | None
    """Points of one event when it happens; null where the formula has no weights."""
    half_life_seconds: float | None
    """Seconds after which an event counts half; null where it never fades."""
    last_hour: float | None
    """Points that come from events of the last 60 minutes; null where they cannot be told apart."""


class PastPlace(Wire, frozen=True):
    """Where one run has put an item; rank and score are null where it was not in the list."""

    run_id: int
    as_of: datetime
    rank: int | None
    score: float | None


class Explanation(Wire, frozen=True):
    """Why an item stands where it does in a ranking."""

    ranking: str
    content_id: str
    content_type: str
    rank: int | None
    """Its place in the newest run; null below the list's end."""
    previous_rank: int | None
    score: float
    as_of: datetime
    """The moment that score and points hold for."""
    formula: str
    description: str
    """The formula in one sentence."""
    components: list[ScoreComponent]
    history: list[PastPlace]
    """Its places in the kept runs, oldest first; old runs are thinned to one an hour."""


class RankingChanges(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a ranking to try out; what is absent stays, null is what it is in the row."""

    formula: str | UnsetType = UNSET
    window: str | UnsetType = UNSET
    half_life: timedelta | float | UnsetType | None = UNSET
    """Seconds, or an ISO 8601 duration such as `PT8H`."""
    recent_half_life: timedelta | float | UnsetType | None = UNSET
    """Half-life of the term that counts fresh events twice."""
    view_weight: float | UnsetType | None = UNSET
    like_weight: float | UnsetType | None = UNSET
    comment_weight: float | UnsetType | None = UNSET
    share_weight: float | UnsetType | None = UNSET
    watch_minute_weight: float | UnsetType | None = UNSET
    options: dict[str, float | str] | UnsetType = UNSET
    """Options of the formula that differ from its defaults."""
    content_type: str | UnsetType | None = UNSET
    size: Annotated[int, Meta(ge=1, le=10_000)] | UnsetType = UNSET


class PreviewItem(Wire, frozen=True, kw_only=True):
    """One line of a ranking under changed settings, beside what it is now."""

    rank: int | None
    """Its rank under the changes; null where it is out of the whole list."""
    current_rank: int | None
    """Its rank now; null where it is not in the list now."""
    moved: int | None = None
    """How many places it goes up, negative for down; null where one of the ranks is null."""
    content_id: str
    content_type: str
    title: str | None
    score: float | None
    current_score: float | None


class Preview(Wire, frozen=True):
    """What a ranking would be under changed settings."""

    ranking: str
    as_of: datetime
    items: list[PreviewItem]
    """The new top `limit`."""
    entering: list[PreviewItem]
    """Those of `items` that are not in the top `limit` now, best first."""
    leaving: list[PreviewItem]
    """Those in the top `limit` now that would not be."""
    moving: int
    """How many of `items` are there now too, but on another rank."""


class RefreshedRanking(Wire, frozen=True):
    """What has come of computing one ranking."""

    ranking: str
    run_id: int | None
    """Its newest run; null where it never had one."""
    entries: int | None
    """How many places the whole list of that run has."""
    is_new: bool
    """False where order and counts are what they were: the run before is confirmed instead."""
    error: str | None
    """Why it failed and keeps its last snapshot; null when all went well."""


class Refreshed(Wire, frozen=True):
    """What a refresh of rankings has come to."""

    rankings: list[RefreshedRanking]
