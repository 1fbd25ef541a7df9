"""Answers as tables: CSV for spreadsheets, NDJSON for pipes, written a part at a time.

Both have the fields of the JSON answer's lines. What every line of a list has nested stands in CSV
under both names, `previousViews` for `views` of `previous`; what differs from line to line, such as
`attributes`, stands there as JSON. A text that a spreadsheet would run has an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlencode

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
_NOT_MODIFIED = 304
_RUN_BY_SPREADSHEETS = re.compile(r"[=+\-@\t\r].*[(|!]", re.DOTALL)
"""What calls a function or another program; ids such as `-3xY_k` do not, and stay as they are."""
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


def tabled(
    request: AnyRequest, kind: Format, answer: Response[bytes], *, lines: str = "items"
) -> Answer:
    """Return the lines of a JSON answer as a table, or the answer itself where that is wanted.

    A cursor that it has stands in the header `Link`.
    """
    if kind == "json" or answer.status_code == _NOT_MODIFIED:
        return answer
    found = msgspec.json.decode(answer.content)
    headers = next_link(request, found.get("nextCursor"))
    return table(request, kind, found[lines], headers=headers)


def next_link(request: AnyRequest, cursor: str | None) -> dict[str, str]:
    """Return the header that leads to the next page, where the body has no place for it."""
    if cursor is None:
        return {}
    given = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
    return {"link": f'<?{urlencode([*given, ("cursor", cursor)])}>; rel="next"'}


def table(  # noqa: PLR0913  # as many as a table has
    request: AnyRequest,
    kind: Format,
    lines: Iterable[Any],
    *,
    first: Sequence[str] = (),
    nested: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Stream:
    """Answer with lines, all with the same fields.

    In CSV, those named `first` come first, and what is `nested` in all lines stands in columns.
    """
    rows = (_row(msgspec.to_builtins(line), first, nested) for line in lines)
    parts = _csv(rows) if kind == "csv" else _ndjson(lines)
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


def _row(line: Line, first: Sequence[str], nested: Sequence[str]) -> Line:
    """Return the columns of a line."""
    found: Line = {name: _cell(line[name]) for name in first if name in line}
    for name, value in line.items():
        if name in nested:
            found |= {
                name + key[:1].upper() + key[1:]: _cell(inner) for key, inner in value.items()
            }
        else:
            found[name] = _cell(value)
    return found


def _cell(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return a value as a cell holds it: null is empty, true and what is nested are JSON."""
    if isinstance(value, bool | dict | list):
        return msgspec.json.encode(value).decode()
    if isinstance(value, str) and _RUN_BY_SPREADSHEETS.match(value):
        return f"'{value}"
    return value


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
