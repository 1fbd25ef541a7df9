"""`/admin/stats/recompute`: rebuild the stats of a day or a month from raw events."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from datetime import date
from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter
from psycopg import errors

from app.access.guard import caller_of, require
from app.errors import AlreadyRunningError, BadRequestError, TooLargeError, UnavailableError
from app.http.answers import AnyRequest, passing
from app.http.body import decoded
from app.http.openapi_bodies import json_body
from app.http.openapi_headers import LOCATION_OF
from app.http.problems import documented
from app.runtime.pool import message_of
from app.services import Services
from app.stats import recompute as recomputes
from app.stats.errors import RawEventsGoneError, RecomputeFailedError, UnknownRecomputeError
from app.stats.recompute_wire import Recompute, RecomputeIn

MAX_BODY = 2_000
DECODER = msgspec.json.Decoder(RecomputeIn)
LOOK_SECONDS = 0.25
"""How often a request that waits looks whether the job is done."""
RETRY_AFTER = 60.0
"""Seconds until the job that does it begins anew."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)


@post(
    "/admin/stats/recompute",
    status_code=200,
    request_max_body_size=None,
    summary="Rebuild a day or a month",
    description="Makes the counts of a day or a month anew from raw events, at every level, and "
    "mends the windows. A job begins with it within a minute. For a day: 200 when it is done in "
    "time, else 202 and `Location`; for a month, which the job does a few days at a time: 202 at "
    "once. Refused where raw events are gone. One at a time.",
    operation_id="recomputeStats",
    operation_class=json_body(RecomputeIn),
    opt={LOCATION_OF: 202},
    tags=["Admin"],
    responses={
        200: ResponseSpec(Recompute, description="What came of it", generate_examples=False),
        202: ResponseSpec(Recompute, description="It is in line", generate_examples=False),
        **documented(AlreadyRunningError, RawEventsGoneError, TooLargeError, RecomputeFailedError),
    },
)
async def recompute(
    request: AnyRequest,
    services: NamedDependency[Services],
    wait: Annotated[
        bool,
        QueryParameter(name="wait", description="`false` answers at once also for a day."),
    ] = True,  # Litestar calls it by name
) -> Response[bytes]:
    """Have a day or a month rebuilt."""
    wanted = await decoded(request, DECODER, limit=MAX_BODY)
    found = await _request(
        services, wanted, day=_day_of(wanted), who=(await caller_of(request)).name
    )
    if wait and wanted.period == "daily":
        found = await _watched(services, found)
    if found.error is not None:
        raise RecomputeFailedError(found.error)
    if found.finished_at is not None:
        return passing(request, found)
    location = f"/admin/stats/recompute/{found.recompute_id}"
    return passing(request, found, status=202, headers={"location": location})


@get(
    "/admin/stats/recompute/{recompute_id:str}",
    status_code=200,
    summary="See how a rebuild goes",
    description="Whether it waits, runs, is done or has failed, and what came of it.",
    operation_id="getRecompute",
    tags=["Admin"],
    responses={
        200: ResponseSpec(Recompute, description="How it stands", generate_examples=False),
        **documented(UnknownRecomputeError),
    },
)
async def status(
    request: AnyRequest,
    services: NamedDependency[Services],
    recompute_id: Annotated[str, PathParameter(description="`recomputeId` of the answer.")],
) -> Response[bytes]:
    """Tell how it stands with one."""
    is_number = recompute_id.isascii() and recompute_id.isdigit() and len(recompute_id) < 19
    if not is_number:
        raise UnknownRecomputeError(f"no recompute has the number {recompute_id[:100]!r}")
    return passing(request, await _find(services, int(recompute_id)))


async def _request(
    services: Services, wanted: RecomputeIn, *, day: date | None, who: str
) -> Recompute:
    async with services.connected() as connection:
        try:
            return await recomputes.request_recompute(
                connection, period=wanted.period, day=day, zone=wanted.zone, who=who
            )
        except errors.UniqueViolation as error:
            raise AlreadyRunningError(
                "another recompute waits or runs: see /admin/audit", retry_after=RETRY_AFTER
            ) from error
        except errors.CheckViolation as error:
            if error.diag.constraint_name == "recompute_from_raw_events":
                raise RawEventsGoneError(message_of(error)) from error
            raise


async def _watched(services: Services, known: Recompute) -> Recompute:
    """Return how it stands when it is done, or when time is up."""
    deadline = time.monotonic() + services.settings.admin_seconds
    while known.finished_at is None and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_SECONDS)
        # It is in line, whatever becomes of a look: the caller is told its number in any case.
        with suppress(UnavailableError):
            known = await _find(services, known.recompute_id)
    return known


async def _find(services: Services, recompute_id: int) -> Recompute:
    async with services.connected() as connection:
        found = await recomputes.recompute(connection, recompute_id=recompute_id)
    if found is None:
        raise UnknownRecomputeError(f"no recompute has the number {recompute_id}")
    return found


def _day_of(wanted: RecomputeIn) -> date | None:
    """Return the day, or the first of the month; None for today's."""
    text = wanted.date
    if text is None:
        return None
    shown = "2026-03-14" if wanted.period == "daily" else "2026-03"
    form = _DAY if wanted.period == "daily" else _MONTH
    try:
        day = date.fromisoformat(text if wanted.period == "daily" else f"{text}-01")
    except ValueError:
        day = None
    if day is None or not form.fullmatch(text):
        raise BadRequestError(f"date: {text[:100]!r} is no {wanted.period} date such as {shown}")
    return day


router = Router(
    "/",
    route_handlers=[recompute, status],
    guards=[require("admin")],
    security=[{"adminKey": []}],
)
