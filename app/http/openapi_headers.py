"""The headers of answers in the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.errors import RateLimitedError
from app.http.openapi_access import key_guards

Json = dict[str, Any]

LOCATION_OF = "location_of"
"""Name in a handler's `opt` for the status whose answer has a Location."""


def _header(description: str, kind: str = "string") -> Json:
    return {"description": description, "schema": {"type": kind}}


CACHED: dict[str, Json] = {
    "ETag": _header("Changes with the answer: send it back as `If-None-Match`."),
    "Cache-Control": _header("Who may keep the answer, and for how long."),
}
RATE_LIMITS: dict[str, Json] = {
    "RateLimit-Policy": _header("The limits that hold, where there are any: `q` events in `w` s."),
    "RateLimit": _header("What is left of each: `r` events; all of it after `t` seconds."),
    "RateLimit-Limit": _header("Events a minute of the tightest limit.", "integer"),
    "RateLimit-Remaining": _header("Events that may come at once now.", "integer"),
    "RateLimit-Reset": _header("Seconds until all of it is there again.", "integer"),
}
RETRY: dict[str, Json] = {
    "Retry-After": _header("Seconds after which the same request may succeed.", "integer")
}
LOCATION: dict[str, Json] = {"Location": _header("Where to see how it goes.")}
CHALLENGE: dict[str, Json] = {"WWW-Authenticate": _header("How to show a key.")}
HEADERS: dict[str, Json] = {**CACHED, **RATE_LIMITS, **RETRY, **LOCATION, **CHALLENGE}


def complete_headers(operation: Json, guards: Iterable[Any], opt: Mapping[str, Any]) -> None:
    """Say which headers the answers of an operation have."""
    responses = operation["responses"]
    records = any(guard.scope == "write" and guard.public for guard in key_guards(guards))
    for status, response in responses.items():
        headers: dict[str, Json] = {}
        if "304" in responses and status in {"200", "304"}:
            headers |= CACHED
        if status in {"409", "429", "503"}:
            headers |= RETRY
        if status == "401":
            headers |= CHALLENGE
        if (records and status.startswith("2")) or RateLimitedError.slug in response["description"]:
            headers |= RATE_LIMITS
        if status == str(opt.get(LOCATION_OF)):
            headers |= LOCATION
        if headers:
            response["headers"] = {
                name: {"$ref": f"#/components/headers/{name}"} for name in headers
            }
