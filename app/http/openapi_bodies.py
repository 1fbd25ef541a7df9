"""What a route whose body is not decoded by Litestar takes, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import msgspec
from litestar.openapi.spec import Operation


class Body(NamedTuple):
    """A body: the type for each media type that it may come as."""

    kinds: Mapping[str, Any]
    several: bool
    """Whether JSON may be an array of it, too."""
    is_required: bool


@dataclass
class DescribedOperation(Operation):
    """An operation of the document that says what body it takes."""

    taken: ClassVar[Body]


def json_body(
    kind: type[msgspec.Struct],
    *,
    required: bool = True,
    several: bool = False,
    media_types: tuple[str, ...] = ("application/json",),
    others: Mapping[str, Any] = MappingProxyType({}),
) -> type[DescribedOperation]:
    """Return the operation class of a route whose body is one `kind`, or an array of it.

    `others` are types of the bodies of further media types.
    """
    kinds = {**dict.fromkeys(media_types, kind), **others}
    body = Body(kinds, several=several, is_required=required)
    return type("TakesBody", (DescribedOperation,), {"taken": body})
