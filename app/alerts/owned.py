"""What all routes below `/alerts` share: whose subscriptions they are, pages, answers."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import MediaType, Response
from litestar.params import PathParameter

from app.access.guard import caller_of
from app.alerts import queries as alerts
from app.alerts.queries import AlertOverview
from app.errors import (
    AdminDisabledError,
    BadRequestError,
    ForbiddenError,
    UnauthorizedError,
    UnavailableError,
    UnknownAlertError,
)
from app.rankings.listing import PlainRequest
from app.runtime.pool import PooledConnection

DEFAULT_LIMIT = 50
AlertId = Annotated[int, PathParameter(description="Id of the subscription.")]
REFUSALS = (
    BadRequestError,
    UnauthorizedError,
    ForbiddenError,
    AdminDisabledError,
    UnavailableError,
)


async def owner_of(request: PlainRequest) -> int | None:
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


def parse_cursor(text: str | None, *, parts: int) -> tuple[int, ...] | None:
    """Return the numbers of a cursor, or None where there is none."""
    if text is None:
        return None
    numbers = text.split(".")
    if len(numbers) != parts or not all(
        number.isascii() and number.isdigit() and len(number) < 19 for number in numbers
    ):
        raise BadRequestError("cursor: is none that this service has given out")
    return tuple(map(int, numbers))


def private(answer: msgspec.Struct, *, status: int = 200) -> Response[bytes]:
    """Answer with what no cache may keep."""
    return Response(
        msgspec.json.encode(answer),
        status_code=status,
        headers={"cache-control": "no-store"},
        media_type=MediaType.JSON,
    )
