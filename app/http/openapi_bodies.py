"""The OpenAPI description of bodies that a route decodes by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema


def json_body(
    kind: type[msgspec.Struct],
    *,
    required: bool = True,
    several: bool = False,
    media_types: tuple[str, ...] = ("application/json",),
    others: Mapping[str, Any] = MappingProxyType({}),
) -> type[Operation]:
    """Return the operation class of a route whose body is one `kind`, or an array of it.

    `others` are types of the bodies of further media types.
    """
    one = _schema_of(kind)
    described = {"oneOf": [one, {"type": "array", "items": one}]} if several else one
    schemas = {name: described if name.endswith("/json") else one for name in media_types}
    schemas |= {name: _schema_of(other) for name, other in others.items()}

    @dataclass
    class _Operation(Operation):
        def __post_init__(self) -> None:
            self.request_body = RequestBody(
                content={
                    media_type: OpenAPIMediaType(schema=_RawSchema(raw=schema))
                    for media_type, schema in schemas.items()
                },
                required=required,
            )

    return _Operation


def _schema_of(kind: Any) -> dict[str, Any]:  # noqa: ANN401  # any type that msgspec knows
    (schema,), components = msgspec.json.schema_components(
        [kind], schema_hook=_any_value, ref_template="{name}"
    )
    inlined: dict[str, Any] = _inlined(schema, components)
    return inlined


def _inlined(schema: Any, components: Mapping[str, Any]) -> Any:  # noqa: ANN401  # any JSON
    """Return a schema with what it refers to in place; alternatives tell apart by themselves."""
    if isinstance(schema, list):
        return [_inlined(part, components) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(components[schema["$ref"]], components)
    return {
        name: _inlined(part, components) for name, part in schema.items() if name != "discriminator"
    }


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
