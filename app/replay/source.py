"""Reads a table of daily totals and tells what changed for each video between two days."""

from __future__ import annotations

import csv
import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

import msgspec

from app.errors import InputError

COLUMNS = ("date", "video_id", "title", "channel", "category", "views", "likes", "comments")
METRICS = ("views", "likes", "comments")

_INTACT_ID = re.compile(r"[A-Za-z0-9_-]{11}")


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """A catalogue entry, as the newest row of the video has it."""

    video_id: str
    title: str
    channel: str
    category: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How far one video's totals moved from the day `since` to the day `until`."""

    video_id: str
    since: date
    until: date
    views: int
    likes: int
    """Negative where more likes were taken back than given."""
    comments: int
    """Negative where more comments were removed than written."""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A whole table: its videos, the changes in order of time, and what could not be used."""

    first: date
    last: date
    videos: list[Video]
    changes: list[Change]
    mended_ids: int
    """Rows whose id a spreadsheet had destroyed (`#NAME?`): they got one made of their title."""
    repeated_rows: int
    """Rows that repeat a video on a day; the last one counts."""
    views_corrected: int
    """Day-to-day differences with fewer views than before; those views are left out."""

    @property
    def days(self) -> int:
        """Number of days between the first and the last row."""
        return (self.last - self.first).days


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    day: date
    video: Video
    totals: tuple[int, int, int]


def read_history(path: Path, *, days: int | None = None, start: date | None = None) -> History:
    """Read the CSV at `path`, from `start` on and at most the newest `days` differences of it.

    Raises `InputError`, naming the line, for a file that is not such a table or has a single day.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            absent = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if absent:
                raise InputError(f"{path}: has no column {', '.join(absent)}")
            rows = [_row(path, reader.line_num, fields) for fields in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: {error}") from error
    if start:
        rows = [row for row in rows if row.day >= start]
    if days and rows:
        oldest = max(row.day for row in rows) - timedelta(days=days)
        rows = [row for row in rows if row.day >= oldest]
    history = history_of(rows)
    if not history.changes:
        raise InputError(f"{path}: no video is in it on two days, so nothing is known to change")
    return history


def history_of(rows: Iterable[_Row]) -> History:
    """Turn rows in any order into videos and changes."""
    by_video: dict[str, dict[date, _Row]] = {}
    repeated = mended = 0
    for row in rows:
        by_day = by_video.setdefault(row.video.video_id, {})
        repeated += row.day in by_day
        mended += row.video.video_id.startswith("mended-")
        by_day[row.day] = row
    changes: list[Change] = []
    corrected = 0
    for by_day in by_video.values():
        found, fewer = _changes(by_day)
        changes += found
        corrected += fewer
    all_days = [day for by_day in by_video.values() for day in by_day] or [date.min]
    return History(
        first=min(all_days),
        last=max(all_days),
        videos=[by_day[max(by_day)].video for by_day in by_video.values()],
        changes=sorted(changes, key=lambda change: (change.until, change.since, change.video_id)),
        mended_ids=mended,
        repeated_rows=repeated,
        views_corrected=corrected,
    )


def _changes(by_day: Mapping[date, _Row]) -> tuple[list[Change], int]:
    """Return one video's changes and how many of them had fewer views than the day before.

    The first day is the baseline: how many of its totals are new on that day, nobody knows. Days on
    which the video is absent belong to the change that ends with its return.
    """
    changes = []
    fewer = 0
    days = sorted(by_day)
    for since, until in itertools.pairwise(days):
        before, after = by_day[since], by_day[until]
        views, likes, comments = (
            new - old for old, new in zip(before.totals, after.totals, strict=True)
        )
        fewer += views < 0
        changes.append(
            Change(
                video_id=after.video.video_id,
                since=since,
                until=until,
                views=max(views, 0),
                likes=likes,
                comments=comments,
            )
        )
    return changes, fewer


def _row(path: Path, line: int, fields: Mapping[str, str | None]) -> _Row:
    text = {name: fields.get(name) or "" for name in COLUMNS}
    try:
        views, likes, comments = (int(text[metric]) for metric in METRICS)
        day = date.fromisoformat(text["date"])
    except ValueError as error:
        raise InputError(f"{path}, line {line}: {error}") from error
    video_id = text["video_id"]
    if not _INTACT_ID.fullmatch(video_id):
        name = f"{text['title']}\0{text['channel']}".encode()
        video_id = "mended-" + hashlib.blake2b(name, digest_size=6).hexdigest()
    video = Video(
        video_id=video_id,
        title=text["title"],
        channel=text["channel"],
        category=text["category"],
    )
    return _Row(day=day, video=video, totals=(views, likes, comments))
