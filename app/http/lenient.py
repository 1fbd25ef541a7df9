"""What JSON callers may write in more than one way, so that one rule holds for all bodies.

Null is the same as absent, where a field does not say what null means; and a number without a
fraction is a whole number, however it is written (`1.0`, `1e3`), as JSON Schema says.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

MOST_VALUES = 300_000
"""Bodies of more values than so many are taken as they stand: they would take too long."""
_MENDABLE = re.compile("got `(?:null|float)`")

Given = TypeVar("Given")


def decode(text: bytes, decoder: msgspec.json.Decoder[Given]) -> Given:
    """Return what `decoder` makes of JSON; raises what msgspec raises."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        if not _MENDABLE.search(str(error)) or text.count(b",") > MOST_VALUES:
            raise
        try:
            value = msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError):
            raise error from None
    # Only where it is needed, because it takes several times as long.
    return msgspec.convert(plain(value, decoder.type), decoder.type)


def plain(value: Any, kind: Any) -> Any:  # noqa: ANN401  # any JSON, any type
    """Return `value` without nulls that mean nothing, and with whole numbers as such."""
    return _plain(value, _type_of(kind))


@lru_cache(maxsize=100)
def _type_of(kind: Any) -> inspect.Type:  # noqa: ANN401  # any type
    return inspect.type_info(kind)


def _plain(value: Any, wanted: inspect.Type) -> Any:  # noqa: ANN401  # any JSON
    match value, wanted:
        case float(), inspect.IntType() if value.is_integer():
            return int(value)
        case dict(), inspect.StructType() if _is_tagged_so(value, wanted):
            return _object(value, wanted)
        case list(), inspect.ListType():
            return [_plain(each, wanted.item_type) for each in value]
        case _, inspect.UnionType():
            return _one_of(value, wanted.types)
        case _:
            return value


def _is_tagged_so(value: dict[str, Any], wanted: inspect.StructType) -> bool:
    return wanted.tag_field is None or value.get(wanted.tag_field) == wanted.tag


def _object(value: dict[str, Any], wanted: inspect.StructType) -> dict[str, Any]:
    kinds = {field.encode_name: field.type for field in wanted.fields}
    return {
        name: _plain(given, kinds[name]) if name in kinds else given
        for name, given in value.items()
        if not (given is None and name in kinds and not _takes_null(kinds[name]))
    }


def _takes_null(wanted: inspect.Type) -> bool:
    return isinstance(wanted, inspect.NoneType | inspect.AnyType) or (
        isinstance(wanted, inspect.UnionType) and any(map(_takes_null, wanted.types))
    )


def _one_of(value: Any, kinds: tuple[inspect.Type, ...]) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(value, float) and any(isinstance(kind, inspect.FloatType) for kind in kinds):
        return value
    for kind in kinds:
        if (changed := _plain(value, kind)) is not value:
            return changed
    return value
