"""The OpenAPI description of bodies that a route decodes by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema


def json_body(
    kind: type[msgspec.Struct],
    *,
    required: bool = True,
    several: bool = False,
    media_types: tuple[str, ...] = ("application/json",),
) -> type[Operation]:
    """Return the operation class of a route whose body is one `kind`, or an array of it."""
    name = kind.__name__
    _, components = msgspec.json.schema_components([kind], schema_hook=_any_value)
    one: dict[str, Any] = components[name]
    described = {"oneOf": [one, {"type": "array", "items": one}]} if several else one

    @dataclass
    class _Operation(Operation):
        def __post_init__(self) -> None:
            self.request_body = RequestBody(
                content={
                    media_type: OpenAPIMediaType(
                        schema=_RawSchema(raw=described if media_type.endswith("/json") else one)
                    )
                    for media_type in media_types
                },
                required=required,
            )

    return _Operation


def _any_value(kind: type) -> dict[str, Any]:
    if kind is not object:
        raise NotImplementedError
    return {"description": "Any JSON value."}


@dataclass(unsafe_hash=True)
class _RawSchema(Schema):
    """A JSON Schema that msgspec made."""

    raw: dict[str, Any] = field(default_factory=dict, hash=False)

    def to_schema(self) -> dict[str, Any]:
        return self.raw
