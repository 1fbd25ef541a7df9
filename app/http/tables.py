"""Answers as tables: CSV for spreadsheets, NDJSON for pipes, written a part at a time.

Both have the fields of the JSON answer's lines. What is nested in a line stands in CSV under both
names, `previousViews` for `views` of `previous`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from litestar import Response
from litestar.params import QueryParameter
from litestar.response import Stream

from app.http.answers import AnyRequest, cache_headers

Format = Literal["json", "csv", "ndjson"]
FormatParameter = Annotated[
    Format | None,
    QueryParameter(
        name="format",
        description="`csv` and `ndjson` give one line each instead of JSON, as does `Accept`.",
    ),
]
MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
}
TABLES = "tables"
"""Name in a handler's `opt` for a route that answers tables, too."""
LINES = 500
"""How many lines are written at once: others have their turn in between."""

Line = dict[str, Any]
Answer: TypeAlias = Response[bytes] | Stream
"""What a route returns that answers tables, too."""


def format_of(request: AnyRequest, given: Format | None) -> Format:
    """Return what a caller takes: what the query says, else what `Accept` likes best."""
    if given is not None:
        return given
    best: Format = "json"
    liked = 0.0
    for part in request.headers.get("accept", "").lower().split(",", 20)[:20]:
        name, *parameters = (word.strip() for word in part.split(";", 5))
        kind = _KINDS.get(name)
        weight = _weight(parameters)
        if kind is not None and weight > liked:
            best, liked = kind, weight
    return best


def varied(answer: Response[bytes]) -> Response[bytes]:
    """Say of an answer that there are others, for other values of `Accept`."""
    answer.headers["vary"] = ", ".join(filter(None, [answer.headers.get("vary"), "accept"]))
    return answer


def table(
    request: AnyRequest,
    kind: Format,
    lines: Iterable[Any],
    *,
    first: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Stream:
    """Answer with lines, all with the same fields; in CSV, those named `first` come first."""
    rows = (
        (_sorted(_flat(msgspec.to_builtins(line)), first) for line in lines)
        if (kind == "csv")
        else lines
    )
    parts = _csv(rows) if kind == "csv" else _ndjson(rows)
    told = {**(headers or {}), **cache_headers(request, "no-cache")}
    told["vary"] = ", ".join(filter(None, [told.get("vary"), "accept"]))
    return Stream(_chunks(parts), headers=told, media_type=MEDIA_TYPES[kind])


async def _chunks(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def _csv(rows: Iterable[Any]) -> Iterator[bytes]:
    written = io.StringIO()
    writer: Any = None
    for number, row in enumerate(rows):
        if writer is None:
            writer = csv.DictWriter(written, list(row), restval="", lineterminator="\r\n")
            writer.writeheader()
        writer.writerow(row)
        if number % LINES == LINES - 1:
            yield _taken(written)
    yield _taken(written)


def _ndjson(rows: Iterable[Any]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    some: list[Any] = []
    for row in rows:
        some.append(row)
        if len(some) == LINES:
            yield encoder.encode_lines(some)
            some = []
    yield encoder.encode_lines(some)


def _taken(written: io.StringIO) -> bytes:
    text = written.getvalue()
    written.seek(0)
    written.truncate()
    return text.encode()


def _flat(line: Mapping[str, Any], before: str = "") -> Line:
    """Return a line without nesting; booleans as JSON has them."""
    found: Line = {}
    for name, value in line.items():
        whole = before + (name[:1].upper() + name[1:] if before else name)
        if isinstance(value, dict):
            found |= _flat(value, whole)
        else:
            found[whole] = str(value).lower() if isinstance(value, bool) else value
    return found


def _sorted(line: Line, first: Sequence[str]) -> Line:
    return {**{name: line[name] for name in first if name in line}, **line}


_KINDS: dict[str, Format] = {
    "application/json": "json",
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/jsonl": "ndjson",
}


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
