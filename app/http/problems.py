"""Every error as an RFC 9457 problem+json answer, and those answers in the OpenAPI document."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ExceptionHandlersMap, Message

from app.errors import BadRequestError, GroundswellError
from app.http.parameters import fault_of, name_of
from app.http.wire import Problem

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return the problem as an answer."""
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        headers={**(headers or {}), "cache-control": "no-store"},
        media_type=MEDIA_TYPE,
    )


def on_groundswell_error(
    request: Request[Any, Any, Any], error: GroundswellError
) -> Response[bytes]:
    """Answer one of our own errors, with Retry-After where it says when to try again."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("problem", slug=error.slug, error=str(error))
    return problem_response(_problem_of(error, request.url.path), _headers_of(error))


def problem_messages(error: GroundswellError, path: str) -> tuple[Message, Message]:
    """Return the problem as a server sends it, for what stands before the router."""
    body = msgspec.json.encode(_problem_of(error, path))
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        **_headers_of(error),
    }
    return (
        {
            "type": "http.response.start",
            "status": error.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        },
        {"type": "http.response.body", "body": body, "more_body": False},
    )


def _problem_of(error: GroundswellError, path: str) -> Problem:
    return Problem(
        type=f"/problems/{error.slug}",
        title=error.title,
        status=error.status,
        detail=error.detail,
        instance=path,
    )


def _headers_of(error: GroundswellError) -> dict[str, str]:
    headers = dict(error.headers)
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
    return headers


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what Litestar refuses: unknown paths, wrong methods, unreadable parameters."""
    if isinstance(error, ValidationException) or error.status_code == HTTPStatus.BAD_REQUEST:
        return on_groundswell_error(request, BadRequestError(_faults(request, error)))
    status = HTTPStatus(error.status_code)
    problem = Problem(
        type=f"/problems/{status.phrase.lower().replace(' ', '-')}",
        title=status.phrase,
        status=status,
        detail=error.detail or status.description,
        instance=request.url.path,
    )
    return problem_response(problem, dict(error.headers or {}))


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer what nobody foresaw, without telling the caller what it was."""
    log.error("unforeseen", path=request.url.path, exc_info=error)
    return on_groundswell_error(request, GroundswellError("the log of the server has the details"))


def documented(*errors: type[GroundswellError]) -> dict[int, ResponseSpec]:
    """Return the OpenAPI `responses` of a route that can raise these errors."""
    titles = dict[int, list[str]]()
    for error in errors:
        titles.setdefault(error.status, []).append(f"{error.title} (`/problems/{error.slug}`)")
    return {
        status: ResponseSpec(
            data_container=Problem,
            description="; ".join(listed),
            media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status, listed in titles.items()
    }


def _faults(request: Request[Any, Any, Any], error: HTTPException) -> str:
    """Name each parameter and what was wrong with it."""
    extra = error.extra if isinstance(error.extra, list) else []
    faults = [
        fault_of(
            request.route_handler,
            str(fault.get("key", "request")),
            _given(request, str(fault.get("key", ""))),
            str(fault.get("message", "")),
        )
        for fault in extra
        if isinstance(fault, dict)
    ]
    return "; ".join(faults) or error.detail


def _given(request: Request[Any, Any, Any], field: str) -> str | None:
    """Return what was given for an argument of the route."""
    name = name_of(request.route_handler, field)
    value = request.query_params.get(name, request.path_params.get(field))
    if value is None:
        value = request.headers.get(name)
    return None if value is None else str(value)


exception_handlers: ExceptionHandlersMap = {
    GroundswellError: on_groundswell_error,
    HTTPException: on_http_exception,
    Exception: on_exception,
}
