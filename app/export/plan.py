"""What an export is of: noted in its folder, so that the same command goes on where it ended."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from app.errors import InputError

What = Literal["events", "engagement", "items"]
Format = Literal["csv", "ndjson", "parquet"]
Level = Literal["1m", "15m", "1d"]

NOTE = "export.json"
"""Name of the note in the folder."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was asked for; a moment that is None was left open."""

    what: What
    format: Format
    level: Level
    since: datetime | None
    until: datetime | None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the files of a folder are of."""

    asked: Asked
    since: datetime
    until: datetime
    """When the export was begun, where that was left open."""


def plan_of(folder: Path, asked: Asked, *, first: datetime | None, now: datetime) -> Plan:
    """Return the plan of a folder: the one begun there, or a new one, which is noted.

    `first` is since when there is something. Raises `InputError` for a folder that holds another
    export, or files of something else.
    """
    note = folder / NOTE
    if note.exists():
        try:
            plan = msgspec.json.decode(note.read_bytes(), type=Plan)
        except msgspec.MsgspecError as error:
            raise InputError(f"{note} cannot be read: {error}") from error
        if plan.asked != asked:
            raise InputError(
                f"{folder} holds another export ({_told(plan.asked)}): name another folder"
            )
        return plan
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty: name a folder that is, or a new one")
    until = asked.until or now
    since = asked.since or first or until
    if since > until:
        raise InputError(f"--since {since.isoformat()} is after --until {until.isoformat()}")
    plan = Plan(asked=asked, since=since.astimezone(UTC), until=until.astimezone(UTC))
    folder.mkdir(parents=True, exist_ok=True)
    draft = note.with_suffix(".draft")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n")
    draft.replace(note)
    return plan


def _told(asked: Asked) -> str:
    what = f"{asked.what} of {asked.level}" if asked.what == "engagement" else asked.what
    ends = [
        f"{name} {moment.isoformat()}"
        for name, moment in (("since", asked.since), ("until", asked.until))
        if moment is not None
    ]
    return ", ".join([f"{what} as {asked.format}", *ends])
