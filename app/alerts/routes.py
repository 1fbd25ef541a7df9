"""`/alerts`: who wants to hear of what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.access.guard import require
from app.alerts import queries as alerts
from app.alerts.cursor import ALERTS, AlertCursor
from app.alerts.destination import check_url
from app.alerts.errors import TooManyAlertsError, UnknownAlertError
from app.alerts.owned import (
    DEFAULT_LIMIT,
    AlertId,
    bounded,
    overview,
    owner_of,
    unknown,
)
from app.alerts.queries import AlertOverview
from app.alerts.signature import new_secret
from app.alerts.wire import (
    Alert,
    AlertChanges,
    AlertIn,
    Alerts,
    AlertWithSecret,
)
from app.errors import BadRequestError, TooLargeError, UnknownItemError, UnknownRankingError
from app.http.answers import AnyRequest, passing
from app.http.body import decoded
from app.http.cursor import page_of
from app.http.openapi_bodies import json_body
from app.http.parameters import PageCursor, PageLimit
from app.http.problems import documented
from app.http.wire import id_text
from app.runtime.pool import message_of
from app.services import Services

MAX_BODY = 20_000
MAX_COOLDOWN = timedelta(days=30)

GIVEN = msgspec.json.Decoder(AlertIn)
CHANGES = msgspec.json.Decoder(AlertChanges)


@post(
    "/alerts",
    request_max_body_size=None,
    summary="Subscribe to alerts",
    description="An alert is raised when a ranking's run finds that the condition has come true "
    "since the run before. The answer holds the secret that signs the webhook; it is shown once.",
    operation_id="createAlert",
    operation_class=json_body(AlertIn),
    responses={
        201: ResponseSpec(AlertWithSecret, description="Made", generate_examples=False),
        **documented(UnknownRankingError, UnknownItemError, TooManyAlertsError, TooLargeError),
    },
)
async def create(request: AnyRequest, services: NamedDependency[Services]) -> Response[bytes]:
    """Make a subscription of the caller's key."""
    given = await decoded(request, GIVEN, limit=MAX_BODY)
    if given.url is not None:
        check_url(given.url, allow_private=services.settings.webhook_private_networks)
    if given.content_id is not None:
        given = msgspec.structs.replace(given, content_id=id_text(given.content_id))
    if given.cooldown is not None:
        given = msgspec.structs.replace(given, cooldown=_seconds(given.cooldown))
    owner = await owner_of(request)
    secret = new_secret()
    async with services.connected() as connection:
        async with _named():
            made = await alerts.create_alert(
                connection,
                owner_key_id=owner,
                given=msgspec.json.encode(given),
                secret=secret,
                as_of=datetime.now(UTC),
            )
        found = await overview(connection, made, owner)
    return passing(request, _with_secret(found, secret if found.url else None), status=201)


@get(
    "/alerts",
    summary="Subscriptions",
    description="Those of the caller's key, oldest first; with the admin key of the settings, all.",
    operation_id="alerts",
    responses={
        200: ResponseSpec(Alerts, description="The subscriptions", generate_examples=False),
    },
)
async def list_(
    request: AnyRequest,
    services: NamedDependency[Services],
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
) -> Response[bytes]:
    """Return a page of subscriptions."""
    after = 0 if cursor is None else ALERTS.decode(cursor).after
    owner = await owner_of(request)
    async with services.connected() as connection:
        found = await alerts.list_alerts(
            connection, owner_key_id=owner, after=after, limit=limit + 1
        )
    page, next_cursor = page_of(
        found, limit, lambda last: ALERTS.encode(AlertCursor(after=last.subscription_id))
    )
    answer = Alerts(alerts=[_outward(one) for one in page], next_cursor=next_cursor)
    return passing(request, answer)


@get(
    "/alerts/{alert_id:int}",
    summary="One subscription",
    description="Its settings and whether it is active, paused or disabled.",
    operation_id="alert",
    responses={
        200: ResponseSpec(Alert, description="The subscription", generate_examples=False),
        **documented(UnknownAlertError),
    },
)
async def get_one(
    request: AnyRequest,
    services: NamedDependency[Services],
    alert_id: AlertId,
) -> Response[bytes]:
    """Return one subscription."""
    owner = await owner_of(request)
    async with services.connected() as connection:
        return passing(request, _outward(await overview(connection, alert_id, owner)))


@patch(
    "/alerts/{alert_id:int}",
    request_max_body_size=None,
    summary="Change a subscription",
    description="Pause or resume it, or change its name, webhook or cooldown; what is absent "
    "stays. `secret` in the answer is null unless it has just got its first webhook. Ranking, item "
    "and condition stay what they are: make another subscription for others.",
    operation_id="changeAlert",
    operation_class=json_body(AlertChanges),
    responses={
        200: ResponseSpec(AlertWithSecret, description="Changed", generate_examples=False),
        **documented(UnknownAlertError, TooLargeError),
    },
)
async def change(
    request: AnyRequest,
    services: NamedDependency[Services],
    alert_id: AlertId,
) -> Response[bytes]:
    """Change what the body names."""
    given = await decoded(request, CHANGES, limit=MAX_BODY)
    if isinstance(given.url, str):
        check_url(given.url, allow_private=services.settings.webhook_private_networks)
    if given.cooldown is not msgspec.UNSET:
        given = msgspec.structs.replace(given, cooldown=_seconds(given.cooldown))
    owner = await owner_of(request)
    async with services.connected() as connection:
        changed = await alerts.change_alert(
            connection,
            subscription_id=bounded(alert_id),
            owner_key_id=owner,
            changes=msgspec.json.encode(given),
            new_secret=new_secret(),
        )
        if changed is None:
            raise unknown(alert_id)
        found = await overview(connection, alert_id, owner)
    return passing(request, _with_secret(found, changed.secret))


@delete(
    "/alerts/{alert_id:int}",
    status_code=204,
    summary="Unsubscribe",
    description="Removes the subscription, its alerts and its log of deliveries.",
    operation_id="deleteAlert",
    responses={
        204: ResponseSpec(None, description="Removed"),
        **documented(UnknownAlertError),
    },
)
async def remove(
    request: AnyRequest,
    services: NamedDependency[Services],
    alert_id: AlertId,
) -> None:
    """Remove a subscription."""
    owner = await owner_of(request)
    async with services.connected() as connection:
        if not await alerts.delete_alert(
            connection, subscription_id=bounded(alert_id), owner_key_id=owner
        ):
            raise unknown(alert_id)


@asynccontextmanager
async def _named() -> AsyncIterator[None]:
    """Turn what the database refuses into the error of its name."""
    try:
        yield
    except psycopg.errors.ForeignKeyViolation as error:
        raise UnknownItemError(message_of(error)) from error
    except psycopg.errors.ProgramLimitExceeded as error:
        raise TooManyAlertsError(message_of(error)) from error


def _seconds(cooldown: timedelta | float) -> float:
    seconds = cooldown.total_seconds() if isinstance(cooldown, timedelta) else cooldown
    if not 0 <= seconds <= MAX_COOLDOWN.total_seconds():
        raise BadRequestError("cooldown: use 0 seconds to 30 days")
    return seconds


def _outward(found: AlertOverview) -> Alert:
    return msgspec.convert(_fields(found), Alert)


def _with_secret(found: AlertOverview, secret: str | None) -> AlertWithSecret:
    return msgspec.convert({**_fields(found), "secret": secret}, AlertWithSecret)


def _fields(found: AlertOverview) -> dict[str, object]:
    fields = msgspec.structs.asdict(found)
    fields["id"] = fields.pop("subscription_id")
    names = zip(Alert.__struct_fields__, Alert.__struct_encode_fields__, strict=True)
    return {outward: fields[field] for field, outward in names}


router = Router(
    "/",
    route_handlers=[create, list_, get_one, change, remove],
    guards=[require("admin")],
    security=[{"adminKey": []}],
    tags=["Alerts"],
)
