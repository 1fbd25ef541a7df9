"""Turn msgspec's faults into reasons in the caller's terms: field first, then what was expected."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec.inspect

_PATH = re.compile(r"^(?P<fault>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>.*)`$", re.DOTALL)
_EXPECTED = re.compile(r"^Expected `(?P<wanted>[^`]+)`(?: (?P<bound>(?!, got).+?))?(?:, got .*)?$")

_TERMS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
    "datetime": "an RFC 3339 time",
    "uuid": "a UUID",
    "int | str": "text or a whole number",
}


def reason_of(error: Exception, kind: Any = None) -> str:  # noqa: ANN401  # any type
    """Return why something could not be decoded, such as `count: expected a whole number >= 1`.

    With the type that was to be decoded, the words that a field may have are listed.
    """
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "contains text that is not UTF-8"
    split = _PATH.match(str(error))
    fault, path = (split["fault"], split["path"]) if split else (str(error), None)
    field = (path or "").lstrip(".")
    # Of an object inside; what stands before an array's element says nothing.
    within = f"{field}." if path and path.startswith(".") else ""
    if missing := _MISSING.match(fault):
        return f"{within}{missing['name']}: missing"
    if unknown := _UNKNOWN.match(fault):
        return f"{within}{unknown['name'][:100]}: no such field"
    words = _words_of(kind, field.rpartition(".")[2]) if kind is not None and field else []
    wanted = f"expected one of {', '.join(words)}" if words else _expectation(fault)
    return f"{field}: {wanted}" if field else wanted


@lru_cache(maxsize=1_000)
def _words_of(kind: Any, field: str) -> list[str]:  # noqa: ANN401  # any type
    """Return the words that a field of a Struct, or of a Struct in it, may have; none: any."""
    waiting: list[Any] = [msgspec.inspect.type_info(kind)]
    while waiting:
        info = waiting.pop(0)
        if isinstance(info, msgspec.inspect.StructType):
            for each in info.fields:
                if each.encode_name == field:
                    # As they are written: the inspected ones are sorted.
                    return _literals(get_type_hints(info.cls)[each.name])
                waiting.append(each.type)
        elif isinstance(info, msgspec.inspect.UnionType):
            waiting.extend(info.types)
        elif isinstance(info, msgspec.inspect.ListType):
            waiting.append(info.item_type)
    return []


def _literals(annotation: Any) -> list[str]:  # noqa: ANN401  # any annotation
    """Return the words of an annotation that is a Literal, or has one among its alternatives."""
    parts = get_args(annotation)
    if get_origin(annotation) is Literal:
        return [str(part) for part in parts]
    return [word for part in parts for word in _literals(part)]


def _expectation(fault: str) -> str:
    if fault == "Invalid UUID":
        return "expected a UUID"
    if fault == "Invalid RFC3339 encoded datetime":
        return "expected an RFC 3339 time, such as 2025-01-31T12:00:00Z"
    if expected := _EXPECTED.match(fault):
        wanted = _TERMS.get(expected["wanted"].removesuffix(" | null"), expected["wanted"])
        bound = (expected["bound"] or "").replace("a timezone component", "a zone, such as Z")
        return f"expected {wanted} {bound}".rstrip()
    if fault == "Input data was truncated":
        # It says so of a lone surrogate, too.
        return "the JSON ends too early or has half a character"
    return fault if fault.startswith("JSON") else fault[:1].lower() + fault[1:]
