"""Turn msgspec's faults into reasons in the caller's terms: field first, then what was expected."""

from __future__ import annotations

import re

from app.ingest.packing import EVENT_TYPES

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
}


def reason_of(error: Exception) -> str:
    """Return why one event could not be decoded, such as `count: expected a whole number >= 1`."""
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
    return f"{field}: {_expectation(field, fault)}" if field else _expectation(field, fault)


def _expectation(field: str, fault: str) -> str:
    if field == "type":
        return f"expected one of {', '.join(EVENT_TYPES)}"
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
