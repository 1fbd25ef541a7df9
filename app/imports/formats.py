"""The formats of files that can be imported: told by what a file is called and how it begins."""

from __future__ import annotations

import csv
import gzip
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias, get_args

from app.errors import InputError
from app.imports import goatcounter, plausible, umami, youtube
from app.imports.access_log import is_access_log, read_log
from app.imports.foreign import Reading, RowReader, records
from app.imports.lines import COLUMNS, Lines, Source, first_line, names_in, read_lines

Format = Literal[
    "csv", "ndjson", "youtube", "umami", "plausible", "goatcounter", "access-log"
]  # fmt: skip
FORMATS: tuple[str, ...] = get_args(Format)
BROKEN = (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error)
"""What reading a packed file raises that is broken."""

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"

_Tables: TypeAlias = dict[
    Format, tuple[Callable[[list[str]], bool], Callable[[list[str], Reading], RowReader]]
]
_TABLES: _Tables = {
    "goatcounter": (goatcounter.is_goatcounter, goatcounter.reader),
    "umami": (umami.is_umami, umami.reader),
    "youtube": (youtube.is_youtube, youtube.reader),
    "plausible": (plausible.is_plausible, plausible.reader),
}
_MEMBERS = (plausible.MEMBER, umami.MEMBER, "Table data")
_NDJSON = {".ndjson", ".jsonl", ".json"}


def opened(path: Path) -> BinaryIO:
    """Open a file; of one packed by gzip what is in it, of a zip the table with what was viewed.

    Packed is what begins as such a file does, whatever it is called. Raises `InputError` for a zip
    without one.
    """
    with path.open("rb") as file:
        begin = file.read(len(_ZIP))
    if path.suffix.lower() == ".gz" or begin.startswith(_GZIP):
        return gzip.open(path)  # type: ignore[return-value]  # as this one
    if path.suffix.lower() != ".zip" and begin != _ZIP:
        return path.open("rb")
    try:
        archive = zipfile.ZipFile(path)
        for name in archive.namelist():
            if name.rpartition("/")[2].startswith(_MEMBERS) and name.endswith(".csv"):
                return archive.open(name)  # type: ignore[return-value]  # which reads and seeks
    except BROKEN as error:
        raise InputError(f"{path.name}: {error}") from error
    raise InputError(f"{path.name}: has no {_MEMBERS[0]}….csv, {_MEMBERS[1]}.csv or Table data.csv")


def format_of(path: Path) -> Format:
    """Return the format of a file; raises `InputError` where nothing tells it."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    if suffixes and suffixes[-1] in _NDJSON:
        return "ndjson"
    try:
        with opened(path) as file:
            first = first_line(file)
        columns = next(csv.reader([first]), [])
    except BROKEN as error:
        raise InputError(f"{path.name}: {error}") from error
    except (InputError, csv.Error) as error:
        raise InputError(f"{path.name}: line 1: {error}") from error
    for kind, (is_one, _) in _TABLES.items():
        if is_one(columns):
            return kind
    if is_access_log(first):
        return "access-log"
    if suffixes[-1:] == [".csv"] or set(columns) & set(COLUMNS):
        return "csv"
    raise InputError(
        f"{path.name}: not .csv, .ndjson or .jsonl, and its first line is of no format that is "
        f"known: say --format {', '.join(FORMATS)}"
    )


def read(
    file: BinaryIO, kind: Format, reading: Reading, *, position: int = 0, line: int = 0
) -> Lines:
    """Yield the events of `file` after its first `line` lines, which end at byte `position`.

    Raises `InputError` where the first line of a table does not name its columns.
    """
    if kind in {"csv", "ndjson"}:
        return read_lines(file, kind, position=position, line=line)
    if kind == "access-log":
        return read_log(file, reading, position=position, line=line)
    file.seek(0)
    source = Source(file, 0, 0)
    columns = names_in(source)
    row = _TABLES[kind][1](columns, reading)
    if position > source.end:
        file.seek(position)
        source = Source(file, position, line)
    return records(source, columns, row, reading.skip)
