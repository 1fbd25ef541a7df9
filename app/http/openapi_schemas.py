"""The named schemas of bodies and answers: Structs, with the words below their fields."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.inspect import Type, type_info

from app.http.openapi_bodies import Body

Json = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"


class Schemas:
    """The schemas of some types, and of all that these refer to."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        wanted = list(dict.fromkeys(kinds))
        made, components = msgspec.json.schema_components(
            wanted, schema_hook=_any_value, ref_template=_REFERENCE
        )
        self._made = dict(zip(wanted, made, strict=True))
        structs = {struct.__name__: struct for struct in structs_in(wanted)}
        self.components: Json = {
            name: _described(schema, structs[name]) if name in structs else schema
            for name, schema in components.items()
        }
        """By name."""

    def of(self, kind: Any) -> Json:  # noqa: ANN401  # any type that msgspec knows
        """Return the schema of a type: a reference, where it has a name."""
        schema: Json = self._made[kind]
        if schema.get("type") == "array":
            return self._named(f"{kind.__args__[0].__name__}Batch", schema)
        return schema

    def of_body(self, body: Body, media_type: str) -> Json:
        """Return the schema of a body that comes as a media type."""
        kind = body.kinds[media_type]
        one = self.of(kind)
        if not (body.several and media_type == "application/json"):
            return one
        several = {"oneOf": [one, {"type": "array", "items": one}]}
        described = {"description": "One, or an array of them.", **several}
        return self._named(f"{kind.__name__}OrMore", described)

    def _named(self, name: str, schema: Json) -> Json:
        self.components[name] = {"title": name, **schema}
        return {"$ref": _REFERENCE.format(name=name)}


def structs_in(kinds: Iterable[Any]) -> set[type[msgspec.Struct]]:
    """Return every Struct that these types are or hold."""
    found = set[type[msgspec.Struct]]()
    waiting = [type_info(kind) for kind in kinds]
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in found:
                continue
            found.add(info.cls)
        waiting.extend(_within(info))
    return found


def words_of(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return what is said below the fields of a Struct, by the names that callers know."""
    told: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct:
            told |= _words_in(base.__module__).get(base.__qualname__, {})
    names = zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True)
    return {outward: told[field] for field, outward in names if field in told}


def _described(schema: Json, struct: type[msgspec.Struct]) -> Json:
    words = words_of(struct)
    properties = {name: dict(part) for name, part in schema["properties"].items()}
    for part in properties.values():
        # Absent and null mean the same; clients would take the field for one that is always there.
        if part.get("default", ...) is None:
            del part["default"]
    for field in type_info(struct).fields:  # type: ignore[attr-defined]  # it is a StructType
        part = properties[field.encode_name]
        if field.encode_name in words:
            part["description"] = words[field.encode_name]
        # Every moment that we answer has a zone, which msgspec cannot know.
        if any(
            isinstance(kind, msgspec.inspect.DateTimeType) for kind in _alternatives(field.type)
        ):
            for text in part.get("anyOf", [part]):
                if text.get("type") == "string":
                    text["format"] = "date-time"
    if tag := struct.__struct_config__.tag_field:
        properties[tag] = {**properties[tag], "description": "Which kind it is."}
    described = {**schema, "properties": properties}
    if always := getattr(struct, "always", None):
        described["required"] = [name for name in schema["required"] if name in always]
    return described


@lru_cache(maxsize=128)
def _words_in(module: str) -> dict[str, dict[str, str]]:
    """Return the words below the fields of a module's classes: Python itself does not keep them."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        node.name: dict(_words_below(node)) for node in tree.body if isinstance(node, ast.ClassDef)
    }


def _words_below(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(node.body, node.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str() as text)),
            ):
                yield name, " ".join(text.split())


def _alternatives(info: Type) -> tuple[Type, ...]:
    return info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)


def _within(info: Type) -> list[Type]:
    match info:
        case msgspec.inspect.StructType(fields=fields):
            return [field.type for field in fields]
        case msgspec.inspect.UnionType(types=types):
            return list(types)
        case msgspec.inspect.DictType(value_type=value):
            return [value]
        case msgspec.inspect.ListType(item_type=item):
            return [item]
        case msgspec.inspect.Metadata(type=inner):
            return [inner]
    return []


def _any_value(kind: type) -> Json:
    if kind is not object:
        raise NotImplementedError
    return {"description": "Any JSON value."}
