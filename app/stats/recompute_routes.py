"""`/admin/stats/recompute`: rebuild the stats of a day or a month from raw events."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import date
from typing import Annotated

import msgspec
from litestar import MediaType, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter
from psycopg import errors

from app.access.guard import caller_of, require
from app.errors import (
    AdminDisabledError,
    AlreadyRunningError,
    BadRequestError,
    ForbiddenError,
    RawEventsGoneError,
    RecomputeFailedError,
    TooLargeError,
    UnauthorizedError,
    UnavailableError,
    UnknownRecomputeError,
)
from app.http.body import read_body
from app.http.openapi_bodies import json_body
from app.http.problems import documented
from app.http.reasons import reason_of
from app.ingest.decode import NUL
from app.rankings.listing import PlainRequest
from app.services import Services
from app.stats import recompute as recomputes
from app.stats.recompute_wire import Recompute, RecomputeIn

MAX_BODY = 2_000
LOOK_SECONDS = 0.25
"""How often a request that waits looks whether the job is done."""
RETRY_AFTER = 60.0
"""Seconds until the job that does it begins anew."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_decode = msgspec.json.Decoder(RecomputeIn).decode
_KEYS = (UnauthorizedError, AdminDisabledError, ForbiddenError)


@post(
    "/admin/stats/recompute",
    status_code=200,
    request_max_body_size=None,
    summary="Rebuild a day or a month",
    description="Makes the counts of a day or a month anew from raw events, at every level, and "
    "mends the windows. A job does it within a minute: 200 when it is done in time, else 202 and "
    "`Location`. Refused where raw events are gone. One at a time.",
    operation_id="recomputeStats",
    operation_class=json_body(RecomputeIn),
    tags=["Admin"],
    responses={
        200: ResponseSpec(Recompute, description="What came of it", generate_examples=False),
        202: ResponseSpec(Recompute, description="It is in line", generate_examples=False),
        **documented(
            BadRequestError,
            *_KEYS,
            AlreadyRunningError,
            RawEventsGoneError,
            TooLargeError,
            RecomputeFailedError,
            UnavailableError,
        ),
    },
)
async def recompute(
    request: PlainRequest,
    services: NamedDependency[Services],
    wait: Annotated[
        str,
        QueryParameter(
            name="wait",
            description="`false` answers at once that it is in line.",
            schema_extra={"type": "boolean"},
        ),
    ] = "true",
) -> Response[bytes]:
    """Have a day or a month rebuilt."""
    if wait not in {"true", "false"}:
        raise BadRequestError(f"wait: {wait[:100]!r} is neither true nor false")
    body = await read_body(
        request.stream(), encoding=request.headers.get("content-encoding", ""), limit=MAX_BODY
    )
    wanted = _decoded(body)
    recompute_id = await _request(
        services, wanted, day=_day_of(wanted), who=(await caller_of(request)).name
    )
    deadline = time.monotonic() + (services.settings.admin_seconds if wait == "true" else 0)
    while True:
        found = await _find(services, recompute_id)
        if found.finished_at is not None or time.monotonic() >= deadline:
            break
        await asyncio.sleep(LOOK_SECONDS)
    if found.error is not None:
        raise RecomputeFailedError(found.error)
    return _answer(found)


@get(
    "/admin/stats/recompute/{recompute_id:str}",
    status_code=200,
    summary="See how a rebuild goes",
    description="Whether it waits, runs, is done or has failed, and what came of it.",
    operation_id="getRecompute",
    tags=["Admin"],
    responses={
        200: ResponseSpec(Recompute, description="How it stands", generate_examples=False),
        **documented(BadRequestError, *_KEYS, UnknownRecomputeError, UnavailableError),
    },
)
async def status(
    services: NamedDependency[Services],
    recompute_id: Annotated[str, PathParameter(description="`recomputeId` of the answer.")],
) -> Response[bytes]:
    """Tell how it stands with one."""
    is_number = recompute_id.isascii() and recompute_id.isdigit() and len(recompute_id) < 19
    if not is_number:
        raise UnknownRecomputeError(f"no recompute has the number {recompute_id[:100]!r}")
    found = await _find(services, int(recompute_id))
    return _json(found, 200)


async def _request(services: Services, wanted: RecomputeIn, *, day: date | None, who: str) -> int:
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
                raise RawEventsGoneError(error.diag.message_primary or str(error)) from error
            raise


async def _find(services: Services, recompute_id: int) -> Recompute:
    async with services.connected() as connection:
        found = await recomputes.recompute(connection, recompute_id=recompute_id)
    if found is None:
        raise UnknownRecomputeError(f"no recompute has the number {recompute_id}")
    return found


def _decoded(body: bytes) -> RecomputeIn:
    if NUL.search(body):
        raise BadRequestError("the body contains U+0000, which cannot be stored")
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = reason_of(error)
        if "enum" in reason:
            reason = "period: expected daily or monthly"
        raise BadRequestError(reason) from error


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


def _answer(found: Recompute) -> Response[bytes]:
    if found.finished_at is not None:
        return _json(found, 200)
    response = _json(found, 202)
    response.headers["location"] = f"/admin/stats/recompute/{found.recompute_id}"
    return response


def _json(found: Recompute, status_code: int) -> Response[bytes]:
    return Response(
        msgspec.json.encode(found),
        status_code=status_code,
        headers={"cache-control": "no-store"},
        media_type=MediaType.JSON,
    )


router = Router(
    "/",
    route_handlers=[recompute, status],
    guards=[require("admin")],
    security=[{"adminKey": []}],
)
