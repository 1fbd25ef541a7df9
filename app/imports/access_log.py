"""Access logs of nginx and Apache: the pages that were got are views.

`common` or `combined`, with or without a virtual host. The n-th of equal lines in a file is the
n-th of them in every file: two views in one second are two, and what copies have in common is one.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from app.imports.foreign import Equals, Made, Outcome, Reading, Skipped, event_of, lines_of
from app.imports.lines import Lines, Source

_QUOTED = r'"((?:[^"\\]|\\.)*+)"'
_LINE = re.compile(
    rf"(?:\S+:\d+ )?(?P<address>\S+) \S+ [^\[]*\[(?P<time>[^\]]+)\] {_QUOTED} (?P<status>\d{{3}}) "
    rf"(?:\d+|-)(?: {_QUOTED} {_QUOTED})?"
)
_TIME = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_ENDINGS = {"", "html", "htm", "xhtml", "php", "asp", "aspx", "jsp"}
"""Of pages, where there is no pattern."""
_SERVED = {"200", "304"}
_READ_AGAIN = 8 << 20
"""Bytes before those that an import goes on with, where equal lines may stand."""


def is_access_log(line: str) -> bool:
    """Return whether a line is of such a log."""
    return _LINE.match(line) is not None


def read_log(file: BinaryIO, reading: Reading, *, position: int = 0, line: int = 0) -> Lines:
    """Yield what `file` comes to after its first `line` lines, which end at byte `position`."""
    # Whoever comes again on the same day is the same session; nobody can tell who it was.
    salt = secrets.token_bytes(32)
    equals = Equals()
    begin = max(0, position - _READ_AGAIN)
    file.seek(begin)
    again = Source(file, begin, 0)
    while again.end < position and (text := next(again, None)):
        _request(text.strip(), reading, salt, equals)
    source = Source(file, position, line)
    while True:
        before, start, source.fault = source.line, source.end, None
        text = next(source, None)
        if text is None:
            return
        if text := text.strip():
            outcome = source.fault or _request(text, reading, salt, equals)
            yield from lines_of(outcome, source, before, start, reading.skip)


def _request(line: str, reading: Reading, salt: bytes, equals: Equals) -> Outcome:
    found = _LINE.match(line)
    if found is None:
        return "no line of an access log, common or combined"
    moment = _moment(found["time"])
    if moment is None:
        return f"{found['time'][:40]!r} is no time such as 31/Jan/2026:13:55:36 +0000"
    method, _, rest = found[3].partition(" ")
    if found["status"] not in _SERVED:
        return Skipped(f"status {found['status']}")
    if method != "GET":
        return Skipped("no GET")
    content_id = _item(rest.rpartition(" ")[0] or rest, reading.pages)
    if content_id is None:
        return Skipped("no page")
    agent = found[6] if found[6] not in {None, "-"} else None
    event = event_of(
        type="view",
        contentId=content_id,
        contentType=reading.content_type or "page",
        occurredAt=moment.isoformat(),
        sessionId=_session(found["address"], agent or "", moment, salt),
        userAgent=agent and agent[:1_000],
    )
    return [Made(event, equals.key(f"log\0{line}"))]


def _item(target: str, pages: re.Pattern[str] | None) -> str | None:
    """Return which item a request's target is, without its query; None for no page."""
    try:
        path = unquote(urlsplit(target).path if "://" in target else target.partition("?")[0])
    except ValueError:
        return None
    path = path.partition("#")[0] or "/"
    if pages is None:
        return path if path.rpartition("/")[2].partition(".")[2].lower() in _ENDINGS else None
    match = pages.search(path)
    return (match[1] if match.re.groups else path) if match else None


def _moment(text: str) -> datetime | None:
    found = _TIME.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, _, year, hour, minute, second, sign, hours, minutes = found.groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        local = datetime(
            int(year), _MONTHS.index(found[2]) + 1, int(day), int(hour), int(minute), int(second),
            tzinfo=UTC,
        )  # fmt: skip
        return local - ahead
    except (ValueError, OverflowError):
        return None


def _session(address: str, agent: str, moment: datetime, salt: bytes) -> str:
    text = "\0".join((address, agent, str(moment.date())))
    return blake2b(text.encode(errors="replace"), digest_size=16, key=salt).hexdigest()
