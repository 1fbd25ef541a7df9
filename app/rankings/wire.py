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
    """Its place, from 1."""
    previous_rank: int | None
    """Its rank in the run before; null for a new entry."""
    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    title: str | None
    """Title in the catalogue; null where it has none."""
    category: str | None
    """Category in the catalogue; null where it has none."""
    creator: str | None
    """Creator in the catalogue; null where it has none."""
    score: float
    """Its score."""
    is_hot: bool | None
    """Whether it was among the hottest fifth then; null where that is not known any more, and for
    categories and creators."""
    views: int
    """Views."""
    likes: int
    """Likes, unlikes taken off."""
    comments: int
    """Comments, uncomments taken off."""
    shares: int
    """Shares."""
    pinned: bool
    """Whether an editor has put it at this place."""
    featured: bool
    """Whether an editor has put it before those that follow their scores."""


class Trending(Wire, frozen=True, kw_only=True):
    """A page of a ranking as of one run; counts are those inside the window.

    Before the first run there are no items, and `runId` and `asOf` are null.
    """

    ranking: str
    """Name of the ranking."""
    window: Window
    """What is ranked has events in it."""
    segment: str | None
    """The part ranked by itself, such as `category:Music`; null for the whole list."""
    run_id: int | None
    """Number of the run; null before the first."""
    as_of: datetime | None
    """Up to when the order is known to hold: a run that finds nothing new moves it on."""
    stale: bool
    """True when scoring or publishing has stood still for three minutes or more, or never ran."""
    items: list[TrendingItem]
    """This page, by rank."""
    next_cursor: str | None
    """Send it as `cursor` for the next page of the same snapshot; null on the last page."""


class RankingOverview(Wire, frozen=True):
    """A ranking with its settings and its newest run."""

    name: str
    """Its name."""
    formula: str
    """How scores are computed."""
    description: str
    """The formula in one sentence."""
    window: Window
    """What is ranked had an event in this window."""
    subject: str
    """What is ranked: `item`, `category` or `creator`."""
    content_type: str | None
    """Only items of this type; null: all."""
    segments: list[str]
    """By what it is ranked in parts too: `category`, `contentType`, `creator`, `language`."""
    size: int
    """Most entries."""
    schedule: str
    """When it is computed: five cron fields, in `zone`."""
    zone: str
    """IANA time zone of its schedule."""
    enabled: bool
    """Whether it is computed."""
    run_id: int | None
    """Its newest run; null before the first."""
    as_of: datetime | None
    """The moment the scores of that run hold for."""
    confirmed_at: datetime | None
    """Up to when its order and counts are known to hold: a run that finds nothing new moves only
    this on."""
    kept_since: datetime | None
    """The moment of its oldest kept run: `asOf` before it finds no list. Null before the first."""


class Rankings(Wire, frozen=True):
    """Every ranking there is."""

    rankings: list[RankingOverview]
    """The rankings."""


class ScoreComponent(Wire, frozen=True):
    """One part of a score."""

    component: str
    """What it comes from, such as `likes`."""
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
    """Number of the run."""
    as_of: datetime
    """The moment that it ranked."""
    rank: int | None
    """Its place then; null where it was not in the list."""
    score: float | None
    """Its score then."""


class Edit(Wire, frozen=True):
    """What an editorial rule does to an item in a list."""

    mark: Literal["pinned", "featured", "held", "blocked", "closed", "refused", "capped"]
    """What became of it: `closed` by a rule of kind `only` or `age`, `refused` in a review."""
    rule: str
    """Name of the rule."""
    kind: str
    """Its kind."""
    reason: str
    """Why."""
    since: datetime
    """Since when."""
    until: datetime | None
    """Until when; null: until it is lifted."""
    place: int | None
    """Of a pin."""
    most: int | None
    """Of a cap: how many of each may stand in the list."""
    top: int | None
    """Of a hold: how many places."""
    value: str | None
    """What was blocked, or the creator or category whose places are full."""
    words: str
    """The same in one sentence."""


class Discount(Wire, frozen=True):
    """What of an item's counts a list that fades leaves out, for one reason."""

    reason: str
    """`repeated`: by actors who did the same again that day; or what a label says."""
    actors: int
    """How many actors' they are."""
    views: float
    """Views that do not count."""
    likes: float
    """Likes, less unlikes, that do not count."""
    comments: float
    """Comments, less those taken back, that do not count."""
    shares: float
    """Shares that do not count."""
    watch_seconds: float
    """Seconds watched that do not count."""


class Explanation(Wire, frozen=True):
    """Why an item stands where it does in a ranking."""

    ranking: str
    """Name of the ranking."""
    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    rank: int | None
    """Its place in the newest run; null below the list's end."""
    previous_rank: int | None
    """Its rank in the run before; null where it was not in the list."""
    rank_without_rules: int | None
    """Its place in that run by score alone; null below the list's end, or where a rule keeps it
    out."""
    edit: Edit | None
    """What an editorial rule does to it; null where none does."""
    score: float
    """Its score now; rules never touch it. 0 for what only a rule has listed."""
    as_of: datetime
    """The moment that score and points hold for."""
    formula: str
    """How scores are computed."""
    description: str
    """The formula in one sentence."""
    components: list[ScoreComponent]
    """What the score is made of."""
    discounts: list[Discount]
    """What it is not made of, though it was counted: by reason, of the whole history. Empty where
    nothing is left out, and for formulas that leave out nothing."""
    history: list[PastPlace]
    """Its places in the kept runs, oldest first; old runs are thinned to one an hour or a day."""


class HourlyPlace(Wire, frozen=True):
    """Where the last kept run of an hour has put an item."""

    as_of: datetime
    """The moment that it ranked."""
    rank: int | None
    """Its place then; null where it was not in the list."""


class ItemPlace(Wire, frozen=True):
    """Where an item stands in a ranking."""

    ranking: str
    """Name of the ranking."""
    rank: int | None
    """Its place in the newest run; null where it is not in the list."""
    of: int
    """How many the list has."""
    previous_rank: int | None
    """Its rank in the run before; null where it was not in the list."""
    score: float | None
    """Its score in that run; null where it is not in the list."""
    as_of: datetime | None
    """Up to when the list is known to hold; null before the first run."""
    history: list[HourlyPlace]
    """Its places since `since`, oldest first, an hour apart."""


class ItemPlaces(Wire, frozen=True):
    """Where an item stands in every ranking that may list it."""

    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    places: list[ItemPlace]
    """One a ranking, by name."""


class RankingChanges(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a ranking to try out; what is absent stays, null is what it is in the row."""

    formula: str | UnsetType = UNSET
    """Another formula."""
    window: str | UnsetType = UNSET
    """Another window."""
    half_life: timedelta | float | UnsetType | None = UNSET
    """Seconds, or an ISO 8601 duration such as `PT8H`."""
    recent_half_life: timedelta | float | UnsetType | None = UNSET
    """Half-life of the term that counts fresh events twice."""
    view_weight: float | UnsetType | None = UNSET
    """Points of a view."""
    like_weight: float | UnsetType | None = UNSET
    """Points of a like."""
    comment_weight: float | UnsetType | None = UNSET
    """Points of a comment."""
    share_weight: float | UnsetType | None = UNSET
    """Points of a share."""
    watch_minute_weight: float | UnsetType | None = UNSET
    """Points of a minute watched."""
    options: dict[str, float | str | list[str] | None] | UnsetType | None = UNSET
    """Options that change (RFC 7396): null follows the default again, and so do all for null."""
    content_type: str | UnsetType | None = UNSET
    """Only items of this type; null: all."""
    size: Annotated[int, Meta(ge=1, le=10_000)] | UnsetType = UNSET
    """Most entries."""


class Weights(Wire, frozen=True):
    """Points of one event of each metric."""

    view: float
    """Of a view."""
    like: float
    """Of a like; an unlike takes it back."""
    comment: float
    """Of a comment; an uncomment takes it back."""
    share: float
    """Of a share."""
    watch_minute: float
    """Of a minute watched."""


class RankingSettings(Wire, frozen=True, kw_only=True):
    """What can be tuned of a ranking; null follows a default."""

    name: str
    """Its name."""
    formula: str
    """How it scores."""
    window: str
    """What is ranked had an event in this window."""
    half_life: float | None
    """Seconds after which an event counts half; null: it never fades."""
    recent_half_life: float | None
    """The same, of the term that counts fresh events twice; null: there is none."""
    view_weight: float | None
    """Points of a view; null: the default."""
    like_weight: float | None
    """Points of a like; null: the default."""
    comment_weight: float | None
    """Points of a comment; null: the default."""
    share_weight: float | None
    """Points of a share; null: the default."""
    watch_minute_weight: float | None
    """Points of a minute watched; null: the default."""
    options: dict[str, float | str | list[str]]
    """Options of the formula that differ from its defaults."""
    content_type: str | None
    """Only items of this type; null: all."""
    size: int
    """Most entries."""
    options_in_force: dict[str, float | str | list[str]]
    """All options of the formula."""
    weights_in_force: Weights | None
    """The weights with the defaults filled in; null where the formula has none."""


class PreviewItem(Wire, frozen=True, kw_only=True):
    """One line of a ranking under changed settings, beside what it is now."""

    rank: int | None
    """Its rank under the changes; null where it is out of the whole list."""
    current_rank: int | None
    """Its rank now; null where it is not in the list now."""
    moved: int | None = None
    """How many places it goes up, negative for down; null where one of the ranks is null."""
    content_id: str
    """Id of the item."""
    content_type: str
    """Type of the item, such as `video`."""
    title: str | None
    """Title in the catalogue; null where it has none."""
    score: float | None
    """Its score under the changes."""
    current_score: float | None
    """Its score now."""


class Preview(Wire, frozen=True):
    """What a ranking would be under changed settings."""

    ranking: str
    """Name of the ranking."""
    as_of: datetime
    """The moment that the scores hold for."""
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
    """Name of the ranking."""
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
    """Those that were computed."""
