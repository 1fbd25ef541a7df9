"""What all routes below `/alerts` share: whose subscriptions they are."""

from __future__ import annotations

from typing import Annotated

from litestar.params import PathParameter

from app.access.guard import caller_of
from app.alerts import queries as alerts
from app.alerts.errors import UnknownAlertError
from app.alerts.queries import AlertOverview
from app.http.answers import AnyRequest
from app.runtime.pool import PooledConnection

DEFAULT_LIMIT = 50
AlertId = Annotated[int, PathParameter(description="Id of the subscription.")]


async def owner_of(request: AnyRequest) -> int | None:
    """Return the key whose subscriptions the caller has; None is the admin key: everybody's."""
    caller = await caller_of(request)
    return None if caller.key is None else caller.key.key_id


async def overview(connection: PooledConnection, alert_id: int, owner: int | None) -> AlertOverview:
    """Return a subscription that the caller has; raises `UnknownAlertError`."""
    found = await alerts.alert_overview(
        connection, subscription_id=bounded(alert_id), owner_key_id=owner
    )
    if found is None:
        raise unknown(alert_id)
    return found


def unknown(alert_id: int) -> UnknownAlertError:
    """Return the error for a subscription that there is not, or that is another key's."""
    return UnknownAlertError(f"there is no alert subscription {alert_id}, or it is not this key's")


def bounded(alert_id: int) -> int:
    """Return an id that the database can look for; no subscription has the id 0."""
    return alert_id if 0 < alert_id < 2**63 else 0
