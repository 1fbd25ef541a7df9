"""Alert subscriptions, and what was raised for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from app.runtime.sql import Connection, Query


class AlertOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as its owner sees it."""

    subscription_id: int
    owner: str | None
    name: str | None
    ranking: str | None
    content_id: str | None
    content_type: str | None
    condition: dict[str, Any]
    cooldown: float
    url: str | None
    status: str
    disabled_because: str | None
    created_at: datetime


class RaisedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """What was raised, as receivers are told."""

    alert_id: int
    subscription_id: int
    subscription_name: str | None
    condition: dict[str, Any]
    alert_type: str
    occurred_at: datetime
    ranking: str | None
    run_id: int | None
    content_id: str | None
    content_type: str | None
    title: str | None
    rank: int | None
    previous_rank: int | None
    score: float | None
    count: int | None


class CreatedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """The id of a new subscription."""

    subscription_id: int


class ChangedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A changed subscription; its secret where it has just got one."""

    subscription_id: int
    secret: str | None


class OwnedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that there is, or was until now."""

    subscription_id: int


class RaisedTest(msgspec.Struct, frozen=True, kw_only=True):
    """The id of a test alert; None where its subscription is unknown."""

    alert_id: int | None


class NewestAlert(msgspec.Struct, frozen=True, kw_only=True):
    """The highest id of an alert; 0 where there is none."""

    alert_id: int


_LIST_ALERTS = Query("list_alerts", AlertOverview)
_ALERT_OVERVIEW = Query("alert_overview", AlertOverview)
_CREATE_ALERT = Query("create_alert", CreatedAlert)
_CHANGE_ALERT = Query("change_alert", ChangedAlert)
_ROTATE_ALERT_SECRET = Query("rotate_alert_secret", OwnedAlert)
_DELETE_ALERT = Query("delete_alert", OwnedAlert)
_TEST_ALERT = Query("test_alert", RaisedTest)
_NEWEST_ALERT = Query("newest_alert", NewestAlert)
_ALERTS_AFTER = Query("alerts_after", RaisedAlert)
_RAISED_ALERTS = Query("raised_alerts", RaisedAlert)


async def list_alerts(
    connection: Connection, *, owner_key_id: int | None, after: int, limit: int
) -> list[AlertOverview]:
    """Return subscriptions of an owner (None: everybody's) after an id, in the order of ids."""
    return await _LIST_ALERTS.all(connection, owner_key_id=owner_key_id, after=after, limit=limit)


async def alert_overview(
    connection: Connection, *, subscription_id: int, owner_key_id: int | None
) -> AlertOverview | None:
    """Return one subscription of an owner (None: anybody's), or None where there is none."""
    return await _ALERT_OVERVIEW.first(
        connection, subscription_id=subscription_id, owner_key_id=owner_key_id
    )


async def create_alert(
    connection: Connection, *, owner_key_id: int | None, given: bytes, secret: str, as_of: datetime
) -> int:
    """Make a subscription from a JSON object and return its id.

    Raises `psycopg.errors.NoDataFound` for an unknown ranking, `ForeignKeyViolation` for an
    unknown item, `ProgramLimitExceeded` for one too many, `CheckViolation` for nonsense.
    """
    made = await _CREATE_ALERT.first(
        connection, owner_key_id=owner_key_id, given=given.decode(), secret=secret, as_of=as_of
    )
    assert made is not None  # noqa: S101 - the function always answers
    return made.subscription_id


async def change_alert(
    connection: Connection,
    *,
    subscription_id: int,
    owner_key_id: int | None,
    changes: bytes,
    new_secret: str,
) -> ChangedAlert | None:
    """Change what a JSON object names; None where the owner has no such subscription."""
    return await _CHANGE_ALERT.first(
        connection,
        subscription_id=subscription_id,
        owner_key_id=owner_key_id,
        changes=changes.decode(),
        new_secret=new_secret,
    )


async def rotate_alert_secret(
    connection: Connection,
    *,
    subscription_id: int,
    owner_key_id: int | None,
    new_secret: str,
    previous_until: datetime,
) -> bool:
    """Replace the secret; False where the owner has no such subscription with a webhook."""
    rotated = await _ROTATE_ALERT_SECRET.first(
        connection,
        subscription_id=subscription_id,
        owner_key_id=owner_key_id,
        new_secret=new_secret,
        previous_until=previous_until,
    )
    return rotated is not None


async def delete_alert(
    connection: Connection, *, subscription_id: int, owner_key_id: int | None
) -> bool:
    """Remove a subscription and all that belongs to it; False where there was none."""
    deleted = await _DELETE_ALERT.first(
        connection, subscription_id=subscription_id, owner_key_id=owner_key_id
    )
    return deleted is not None


async def raise_test_alert(
    connection: Connection, *, subscription_id: int, as_of: datetime
) -> int | None:
    """Raise a test alert and return its id; None where there is no such subscription."""
    raised = await _TEST_ALERT.first(connection, subscription_id=subscription_id, as_of=as_of)
    return None if raised is None else raised.alert_id


async def newest_alert(connection: Connection) -> int:
    """Return the highest id of an alert, 0 where there is none."""
    found = await _NEWEST_ALERT.first(connection)
    return 0 if found is None else found.alert_id


async def alerts_after(
    connection: Connection,
    *,
    after: int,
    limit: int,
    ranking: str | None = None,
    subscription_id: int | None = None,
) -> list[RaisedAlert]:
    """Return alerts after an id in the order of ids, of one ranking or subscription if given."""
    return await _ALERTS_AFTER.all(
        connection, after=after, limit=limit, ranking=ranking, subscription_id=subscription_id
    )


async def raised_alerts(connection: Connection, *, alert_ids: list[int]) -> list[RaisedAlert]:
    """Return those alerts whose subscriptions there still are."""
    return await _RAISED_ALERTS.all(connection, alert_ids=alert_ids)
