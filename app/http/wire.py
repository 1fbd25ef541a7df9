"""The base of the JSON shapes that cross Groundswell's border, camelCase, as msgspec Structs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, TypeAlias

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Id: TypeAlias = Name | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""Id of an item as callers send it; a number means its decimal text, see `id_text`."""
Moment = Annotated[datetime, Meta(tz=True)]


MAX_DEPTH = 32
"""How deeply what callers keep with an event or an item may be nested."""
TOO_DEEP = f"nested more than {MAX_DEPTH} deep"


def is_too_deep(value: object, levels: int = MAX_DEPTH) -> bool:
    """Return whether JSON is nested deeper than that."""
    if levels < 0:
        return True
    if isinstance(value, dict):
        return any(is_too_deep(inner, levels - 1) for inner in value.values())
    if isinstance(value, list):
        return any(is_too_deep(inner, levels - 1) for inner in value)
    return False


def id_text(value: str | int) -> str:
    """Return an id as it is stored."""
    return value if isinstance(value, str) else str(value)


class Wire(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    forbid_unknown_fields=False,
):
    """Base of everything sent or received as JSON."""

    always: ClassVar[frozenset[str] | None] = None
    """Fields that callers cannot leave out of an answer; None: it has all of them."""


class Problem(Wire, frozen=True, omit_defaults=True):
    """An RFC 9457 problem: `type` is stable, `detail` says what was wrong this time."""

    type: str
    """`/problems/…`, which never changes: its page says what to do."""
    title: str
    """What went wrong, the same words each time."""
    status: int
    """HTTP status."""
    detail: str
    """What was wrong this time."""
    instance: str | None = None
    """Path of the request."""
