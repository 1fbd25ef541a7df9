"""Webhooks of alerts: what is to be sent, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from app.runtime.sql import Command, Connection, Query


class ClaimedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that this process has taken to be sent."""

    alert_id: int
    subscription_id: int
    attempt: int
    """Which try, from 1."""
    url: str
    secrets: list[str]
    """What signs it, the newest first."""
    give_up_after: int


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log of deliveries."""

    alert_id: int
    alert_type: str
    attempt: int
    attempted_at: datetime
    status: int | None
    duration: float
    """Seconds."""
    error: str | None
    next_attempt_at: datetime | None


class PendingAlerts(msgspec.Struct, frozen=True, kw_only=True):
    """Webhooks that are still to be sent."""

    pending: int


class AlertBacklog(msgspec.Struct, frozen=True, kw_only=True):
    """What is still to be sent of all subscriptions."""

    pending: int
    raised_since: datetime | None
    """When the oldest of them was raised; None where none waits."""


_CLAIM_ALERTS = Query("claim_alerts", ClaimedAlert)
_RECORD_DELIVERY = Command("record_delivery")
_LIST_DELIVERIES = Query("list_deliveries", Delivery)
_PENDING_ALERTS = Query("pending_alerts", PendingAlerts)
_ALERT_BACKLOG = Query("alert_backlog", AlertBacklog)


async def claim_alerts(  # noqa: PLR0913  # as many as the function has
    connection: Connection,
    *,
    as_of: datetime,
    lease: timedelta,
    capacity: int,
    each: int,
    each_host: int,
    busy: list[int],
) -> list[ClaimedAlert]:
    """Take up to `capacity` due webhooks for the length of `lease`, so that nobody else sends them.

    No subscription gets more than `each` at once and no host more than `each_host`; `busy` names
    the subscription of every one under way.
    """
    return await _CLAIM_ALERTS.all(
        connection,
        as_of=as_of,
        lease=lease,
        capacity=capacity,
        each=each,
        each_host=each_host,
        busy=busy,
    )


async def record_delivery(  # noqa: PLR0913  # as many as there are columns
    connection: Connection,
    *,
    alert_id: int,
    attempt: int,
    attempted_at: datetime,
    status: int | None,
    duration: timedelta,
    error: str | None,
    next_attempt_at: datetime | None,
    is_gone: bool,
    quiet_until: datetime | None,
) -> None:
    """Log one try; without `next_attempt_at` the webhook is done with.

    Before `quiet_until` nothing else of its subscription is sent.
    """
    await _RECORD_DELIVERY.run(
        connection,
        alert_id=alert_id,
        attempt=attempt,
        attempted_at=attempted_at,
        status=status,
        duration=duration,
        error=error,
        next_attempt_at=next_attempt_at,
        is_gone=is_gone,
        quiet_until=quiet_until,
    )


async def list_deliveries(
    connection: Connection,
    *,
    subscription_id: int,
    before_alert_id: int,
    before_attempt: int,
    limit: int,
) -> list[Delivery]:
    """Return tries before one of them, newest alert and newest try first."""
    return await _LIST_DELIVERIES.all(
        connection,
        subscription_id=subscription_id,
        before_alert_id=before_alert_id,
        before_attempt=before_attempt,
        limit=limit,
    )


async def pending_alerts(connection: Connection, *, subscription_id: int) -> int:
    """Return how many webhooks of a subscription are still to be sent."""
    found = await _PENDING_ALERTS.first(connection, subscription_id=subscription_id)
    return 0 if found is None else found.pending


async def alert_backlog(connection: Connection) -> AlertBacklog:
    """Return what is still to be sent of all subscriptions."""
    found = await _ALERT_BACKLOG.first(connection)
    return found or AlertBacklog(pending=0, raised_since=None)
