"""Read the events of a file one by one, from any line on, without ever holding much of it."""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple, TypeAlias

import msgspec

from app.errors import InputError
from app.http.body import FAULTS
from app.http.reasons import reason_of
from app.ingest.decode import Decoded, decode_lines
from app.ingest.wire import EventIn

MAX_LINE_BYTES = 1_000_000
_AT_ONCE = 1_000
"""Lines that are decoded in one go, of at most MAX_LINE_BYTES and the last of them."""
COLUMNS = tuple(field.encode_name for field in msgspec.structs.fields(EventIn))
"""What a column of a CSV file may be called."""

_NUMBERS = {"count": int, "seconds": float}
_SEPARATOR = re.compile(r"[;\t|]")
_TOO_LONG = f"larger than {MAX_LINE_BYTES} bytes"


class Line(NamedTuple):
    """One event of a file, or why it is none."""

    number: int
    """Which line it begins in, from 1."""
    last: int
    """Which line it ends in."""
    end: int
    """The first byte after it."""
    event: Decoded
    key: bytes = b""
    """What the event is known again by; empty: by its place in the file, or its own id."""


Lines: TypeAlias = Iterator[Line]


def read_lines(
    file: BinaryIO, kind: Literal["csv", "ndjson"], *, position: int = 0, line: int = 0
) -> Lines:
    """Yield the events of `file` after its first `line` lines, which end at byte `position`.

    Raises `InputError` where the first line of a CSV file does not name its columns.
    """
    if kind == "ndjson":
        file.seek(0)
        refuse_utf16(file)
        file.seek(position)
        return _ndjson(Source(file, position, line))
    file.seek(0)
    refuse_utf16(file)
    head = Source(file, 0, 0)
    columns = _columns(names_in(head))
    if position > head.end:
        file.seek(position)
        head = Source(file, position, line)
    return _csv(head, columns)


def refuse_utf16(file: BinaryIO) -> None:
    """Raise `InputError` for a file in UTF-16, with its mark or without; go to its beginning."""
    begin = file.read(2)
    file.seek(0)
    if begin in {BOM_UTF16_LE, BOM_UTF16_BE} or b"\0" in begin:
        raise InputError("it is UTF-16: save it as UTF-8")


def first_line(file: BinaryIO) -> str:
    """Return the first line, which says what a file is; empty where there is none.

    Raises `InputError` for text that no line of can be read: UTF-16, or lines that end as on old
    Macs, which would be one.
    """
    refuse_utf16(file)
    first = next(Source(file, 0, 0), "")
    if "\r" in first.rstrip("\r\n"):
        raise InputError("its lines end with CR alone: save it with LF or CRLF")
    return first


class Source:
    """The lines of a file as text, and how far they were read."""

    def __init__(self, file: BinaryIO, position: int, line: int) -> None:
        self._file = file
        self.end = position
        self.line = line
        self.fault: str | None = None
        """What is wrong with the lines read since this was set to None."""

    def raw(self) -> bytes:
        """Return the next line, or nothing at the end; of one that is too long, the beginning."""
        raw = self._file.readline(MAX_LINE_BYTES + 1)
        self.end += len(raw)
        rest = raw
        while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
            self.fault = _TOO_LONG
            rest = self._file.readline(MAX_LINE_BYTES + 1)
            self.end += len(rest)
        if raw:
            self.line += 1
        return raw

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self.raw()
        if not raw:
            raise StopIteration
        if b"\0" in raw:
            self.fault = "contains U+0000, which cannot be stored"
        try:
            return raw.decode("utf-8-sig" if self.line == 1 else "utf-8")
        except UnicodeDecodeError:
            self.fault = "contains text that is not UTF-8"
            return raw.decode("utf-8", "replace")


def _ndjson(source: Source) -> Lines:
    raw = b"begin"
    while raw:
        texts: list[bytes] = []
        places: list[tuple[int, int]] = []
        size = 0
        while size < MAX_LINE_BYTES and len(texts) < _AT_ONCE and (raw := source.raw()):
            if source.fault is not None:
                break
            if source.line == 1:
                raw = raw.removeprefix(BOM_UTF8)
            if text := raw.strip():
                texts.append(text)
                places.append((source.line, source.end))
                size += len(text)
        events = decode_lines(texts, max_event_bytes=MAX_LINE_BYTES)
        for (number, end), event in zip(places, events, strict=True):
            yield Line(number, number, end, event)
        if source.fault is not None:
            yield Line(source.line, source.line, source.end, source.fault)
            source.fault = None


def _csv(source: Source, columns: list[str]) -> Lines:
    records = csv.reader(source)
    while True:
        number = source.line + 1
        source.fault = None
        try:
            values = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(number, source.line, source.end, f"no CSV: {error}")
            continue
        if values:
            event = source.fault or _event(columns, values)
            yield Line(number, source.line, source.end, event)


def names_in(source: Source) -> list[str]:
    """Return what the first record of a table names; raises `InputError` where it is none."""
    try:
        return next(csv.reader(source), [])
    except csv.Error as error:
        raise InputError(f"line 1: {error}") from error


def _columns(names: list[str]) -> list[str]:
    if len(names) == 1 and (by := _SEPARATOR.search(names[0])):
        raise InputError(f"line 1: its fields are separated by {by[0]!r}; use commas")
    names = [name.strip() for name in names]
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in ("type", "contentId", "occurredAt") if name not in names]
    if unknown or missing or len(set(names)) < len(names):
        wrong = f"{unknown[0]!r} is no column" if unknown else f"there is no column {missing[0]}"
        if not unknown and not missing:
            wrong = "a column is named twice"
        raise InputError(f"line 1: {wrong}; the first line names them: {', '.join(COLUMNS)}")
    return names


def _event(columns: list[str], values: list[str]) -> Decoded:
    """Return the event of one record; an empty field is an absent one."""
    if len(values) != len(columns):
        return f"{len(values)} fields, where the first line names {len(columns)}"
    given: dict[str, object] = {
        name: value for name, value in zip(columns, values, strict=True) if value
    }
    try:
        for name, number in _NUMBERS.items():
            if name in given:
                given[name] = number(str(given[name]))
    except ValueError:
        return f"{name}: expected a number"
    try:
        if "metadata" in given:
            given["metadata"] = msgspec.json.decode(str(given["metadata"]))
        return msgspec.convert(given, EventIn)
    except FAULTS as error:
        return reason_of(error, EventIn)
