"""The JSON shapes of alerts: subscriptions, what is sent for them, the log of deliveries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from app.http.wire import Id, Name, Wire

Url = Annotated[str, Meta(min_length=1, max_length=2_000)]
Status = Literal["active", "paused", "disabled"]
MAX_COUNT = 1_000_000_000_000_000


class EntersTop(Wire, frozen=True, forbid_unknown_fields=True, tag="entersTop"):
    """It comes to rank `n` or better, from below or from nowhere."""

    n: Annotated[int, Meta(ge=1, le=10_000)]
    """The last rank that counts as the top."""


class BreaksOut(Wire, frozen=True, forbid_unknown_fields=True, tag="breaksOut"):
    """Its score in a ranking with the formula `breakout` reaches `score`."""

    score: Annotated[float, Meta(ge=0, le=1_000_000_000)] = 2.0
    """Times as much as expected."""


class PassesCount(Wire, frozen=True, forbid_unknown_fields=True, tag="passesCount"):
    """Its lifetime count reaches `count`; told of once for each item."""

    metric: Literal["views", "likes", "comments", "shares"]
    """What is counted."""
    count: Annotated[int, Meta(ge=1, le=MAX_COUNT)]
    """The count that is to be reached."""


Condition = EntersTop | BreaksOut | PassesCount


class AlertIn(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody wants to hear of."""

    condition: Condition
    """What is to happen for an alert."""
    ranking: Name | None = None
    """Needed but for `passesCount`, which it narrows to items of the ranking's content type."""
    content_id: Id | None = None
    """Only this item, or category or creator where those are ranked; absent: any."""
    content_type: Name | None = None
    """Type of the item; `video` where absent."""
    name: Name | None = None
    """What you call it."""
    url: Url | None = None
    """Webhook; absent: only the event stream."""
    cooldown: timedelta | float | None = None
    """Least time between two alerts about one item: seconds, or ISO 8601 such as `PT1H`."""


class AlertChanges(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes in a subscription; what is absent stays."""

    name: Name | UnsetType | None = UNSET
    """What you call it; null: nothing."""
    status: Literal["active", "paused"] | UnsetType = UNSET
    """`active` also takes back that its receiver disabled it."""
    url: Url | UnsetType | None = UNSET
    """Where its webhook goes; null: nowhere."""
    cooldown: timedelta | float | UnsetType = UNSET
    """Least time between two alerts about one item: seconds, or ISO 8601 such as `PT1H`."""


class Alert(Wire, frozen=True, kw_only=True):
    """A subscription."""

    id: int
    """Its id."""
    name: str | None
    """What its owner calls it; null where it has no name."""
    ranking: str | None
    """The ranking that it follows; null: none."""
    content_id: str | None
    """Only this item, category or creator; null: any."""
    content_type: str | None
    """Type of the item; null: any."""
    condition: Condition
    """What is to happen for an alert."""
    cooldown: float
    """Least seconds between two alerts about one item."""
    url: str | None
    """Where its webhook goes; null: only the stream has its alerts."""
    status: Status
    """`paused` by its owner, `disabled` by its receiver."""
    disabled_because: str | None
    """Why it is disabled: its receiver answered 410, or its key is revoked."""
    owner: str | None
    """Prefix of the key that made it; null: the admin key of the settings."""
    created_at: datetime
    """When it was made."""


class AlertWithSecret(Alert, frozen=True, kw_only=True):
    """A subscription whose webhook has just got its secret, which is never shown again."""

    secret: str | None
    """Signs what is sent; null where there is no new one."""


class Alerts(Wire, frozen=True):
    """A page of subscriptions, oldest first."""

    alerts: list[Alert]
    """The subscriptions."""
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""


class AlertSecret(Wire, frozen=True):
    """A new secret; the one before signs along for a day."""

    secret: str
    """Signs what is sent from now on; it is shown this once."""
    previous_secret_until: datetime
    """Up to when the one before signs along."""


class RaisedTest(Wire, frozen=True):
    """A test alert is on its way."""

    alert_id: str
    """Id of the alert, the header `webhook-id`."""


class AlertDelivery(Wire, frozen=True, kw_only=True):
    """One try to send a webhook."""

    alert_id: str
    """The header `webhook-id`."""
    type: str
    """Type of the alert, such as `alert.entersTop`."""
    attempt: int
    """Which try, from 1; a missing number is a try that was cut off."""
    attempted_at: datetime
    """When it was tried."""
    status: int | None
    """HTTP status; null where none came."""
    duration: float
    """Seconds."""
    error: str | None
    """What went wrong; null: delivered."""
    next_attempt_at: datetime | None
    """When it is tried again; null: never."""
    outcome: Literal["delivered", "retrying", "givenUp"]
    """Whether it has arrived, is tried again, or was given up."""


class AlertDeliveries(Wire, frozen=True):
    """A page of the log of deliveries, newest alert and newest try first."""

    deliveries: list[AlertDelivery]
    """The tries, newest first."""
    pending: int
    """How many of the subscription's alerts are still to be sent."""
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""


class Subscribed(Wire, frozen=True):
    """The subscription that an alert is for."""

    id: int
    name: str | None
    condition: Condition


class AlertedItem(Wire, frozen=True):
    """What an alert is about: an item, or a category or creator by its name."""

    content_id: str
    content_type: str
    title: str | None


class AlertMessage(Wire, frozen=True, kw_only=True):
    """What receivers get: the body of a webhook, the data of an event of the stream."""

    id: str
    """The same at every try: a receiver knows by it what it has already."""
    type: Literal["alert.entersTop", "alert.breaksOut", "alert.passesCount", "alert.test"]
    occurred_at: datetime
    """As of when it is true."""
    alert: Subscribed
    item: AlertedItem | None
    """Null for the test of a subscription to any item."""
    ranking: str | None
    run_id: int | None
    rank: int | None
    previous_rank: int | None
    """Its rank in the run before; null: it was not in the list."""
    score: float | None
    count: int | None
