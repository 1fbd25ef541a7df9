"""`/alerts/{id}/…`: the webhook of a subscription: try it out, see what came of it, new secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.access.guard import require
from app.alerts import deliveries as alert_deliveries
from app.alerts import queries as alerts
from app.alerts.cursor import DELIVERIES, DeliveryCursor
from app.alerts.deliveries import Delivery
from app.alerts.errors import UnknownAlertError
from app.alerts.message import TYPES, message_id
from app.alerts.owned import (
    DEFAULT_LIMIT,
    AlertId,
    overview,
    owner_of,
    unknown,
)
from app.alerts.signature import new_secret
from app.alerts.wire import AlertDeliveries, AlertDelivery, AlertSecret, RaisedTest
from app.errors import BadRequestError
from app.http.answers import AnyRequest, passing
from app.http.cursor import other_list, page_of
from app.http.parameters import PageCursor, PageLimit
from app.http.problems import documented
from app.services import Services

SECRET_OVERLAP = timedelta(days=1)
"""How long the secret before signs along."""


@post(
    "/alerts/{alert_id:int}/test",
    status_code=202,
    summary="Try a subscription out",
    description="Raises an alert of the type `alert.test`, which goes the way of all alerts: to "
    "the stream, and to the webhook, also while the subscription is paused or disabled.",
    operation_id="testAlert",
    responses={
        202: ResponseSpec(RaisedTest, description="On its way", generate_examples=False),
        **documented(UnknownAlertError),
    },
)
async def test(
    request: AnyRequest,
    services: NamedDependency[Services],
    alert_id: AlertId,
) -> Response[bytes]:
    """Raise a test alert."""
    owner = await owner_of(request)
    async with services.connected() as connection:
        await overview(connection, alert_id, owner)
        raised = await alerts.raise_test_alert(
            connection, subscription_id=alert_id, as_of=datetime.now(UTC)
        )
    if raised is None:
        raise unknown(alert_id)
    return passing(request, RaisedTest(alert_id=message_id(raised)), status=202)


@post(
    "/alerts/{alert_id:int}/secret",
    status_code=200,
    summary="Change the secret",
    description="Makes a new secret and shows it once. For a day, the one before signs along: "
    "`webhook-signature` holds both signatures.",
    operation_id="changeAlertSecret",
    responses={
        200: ResponseSpec(AlertSecret, description="Changed", generate_examples=False),
        **documented(UnknownAlertError),
    },
)
async def rotate(
    request: AnyRequest,
    services: NamedDependency[Services],
    alert_id: AlertId,
) -> Response[bytes]:
    """Make a new secret."""
    owner = await owner_of(request)
    secret, until = new_secret(), datetime.now(UTC) + SECRET_OVERLAP
    async with services.connected() as connection:
        found = await overview(connection, alert_id, owner)
        if not await alerts.rotate_alert_secret(
            connection,
            subscription_id=found.subscription_id,
            owner_key_id=owner,
            new_secret=secret,
            previous_until=until,
        ):
            raise BadRequestError("the subscription has no url, so there is nothing to sign")
    return passing(request, AlertSecret(secret=secret, previous_secret_until=until))


@get(
    "/alerts/{alert_id:int}/deliveries",
    summary="The log of deliveries",
    description="Every try to send the webhook, newest alert and newest try first.",
    operation_id="alertDeliveries",
    responses={
        200: ResponseSpec(AlertDeliveries, description="The log", generate_examples=False),
        **documented(UnknownAlertError),
    },
)
async def deliveries(
    request: AnyRequest,
    services: NamedDependency[Services],
    alert_id: AlertId,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
) -> Response[bytes]:
    """Return a page of the log."""
    before = None if cursor is None else DELIVERIES.decode(cursor)
    if before is not None and before.subscription_id != alert_id:
        raise other_list()
    owner = await owner_of(request)
    async with services.connected() as connection:
        await overview(connection, alert_id, owner)
        found = await alert_deliveries.list_deliveries(
            connection,
            subscription_id=alert_id,
            before_alert_id=before.before_alert if before else 2**63 - 1,
            before_attempt=before.before_attempt if before else 0,
            limit=limit + 1,
        )
        pending = await alert_deliveries.pending_alerts(connection, subscription_id=alert_id)
    page, next_cursor = page_of(found, limit, lambda last: _after(last, alert_id))
    answer = AlertDeliveries(
        deliveries=[_outward(one) for one in page],
        pending=pending,
        next_cursor=next_cursor,
    )
    return passing(request, answer)


def _after(last: Delivery, subscription_id: int) -> str:
    return DELIVERIES.encode(
        DeliveryCursor(
            subscription_id=subscription_id,
            before_alert=last.alert_id,
            before_attempt=last.attempt,
        )
    )


def _outward(delivery: Delivery) -> AlertDelivery:
    fields = msgspec.structs.asdict(delivery)
    alert_type = fields.pop("alert_type")
    retries = delivery.next_attempt_at is not None
    return AlertDelivery(
        **{
            **fields,
            "alert_id": message_id(fields["alert_id"]),
            "type": TYPES[alert_type],
            "outcome": "delivered"
            if delivery.error is None
            else ("retrying" if retries else "givenUp"),
        }
    )


router = Router(
    "/",
    route_handlers=[test, rotate, deliveries],
    guards=[require("admin")],
    security=[{"adminKey": []}],
    tags=["Alerts"],
)
