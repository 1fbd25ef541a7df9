"""What the guards of a route mean in the document: its keys, and the problems that they raise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

from app.errors import (
    AdminDisabledError,
    BadRequestError,
    ForbiddenError,
    GroundswellError,
    UnauthorizedError,
    UnavailableError,
)
from app.http.problems import MEDIA_TYPE

Json = dict[str, Any]

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_OF_USERS: list[Json] = [{"userToken": []}, {"userToken": [], "apiKeyHeader": []}]
_OF_ADMINS: list[Json] = [{"adminKey": []}, {"apiKeyHeader": []}]
# Whether a key is needed is a setting: none is the first way.
_OF_CALLERS: list[Json] = [{}, {"apiKey": []}, {"apiKeyHeader": []}]


@runtime_checkable
class KeyGuard(Protocol):
    """A guard that wants a key with a scope."""

    scope: str
    public: bool
    """Whether a key that everybody can read will do."""


def key_guards(guards: Iterable[Any]) -> list[KeyGuard]:
    """Return those of a route's guards that want keys."""
    return [guard for guard in guards if isinstance(guard, KeyGuard)]


def complete_access(operation: Json, guards: Iterable[Any]) -> None:
    """Say which keys an operation takes, and add the problems of keys and parameters."""
    wanted = key_guards(guards)
    errors: list[type[GroundswellError]] = [BadRequestError]
    if wanted:
        errors += [UnauthorizedError, ForbiddenError, UnavailableError]
    is_of_admins = any(guard.scope == "admin" for guard in wanted)
    if is_of_admins:
        errors.append(AdminDisabledError)
    if any("userToken" in way for way in operation.get("security", [])):
        ways = _OF_USERS
    elif is_of_admins:
        ways = _OF_ADMINS
    elif wanted:
        is_public = all(guard.public for guard in wanted)
        ways = [*_OF_CALLERS, {"publicKey": []}] if is_public else _OF_CALLERS
    else:
        ways = []
    operation["security"] = ways
    for error in errors:
        _add_problem(operation["responses"], error)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _add_problem(responses: Json, error: type[GroundswellError]) -> None:
    told = f"{error.title} (`/problems/{error.slug}`)"
    response = responses.get(str(error.status), {})
    if MEDIA_TYPE not in response.get("content", {}):
        # None yet, or Litestar's own, which our exception handlers replace.
        responses[str(error.status)] = {"description": told, "content": _PROBLEM}
    elif told not in response["description"]:
        response["description"] += f"; {told}"
