"""What editorial rules do to one item in a list, in words."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from app.rankings.wire import Edit
from app.runtime.sql import Connection, Query


class _Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A row of api.explain_edit; without a mark only the place differs."""

    mark: str | None
    unedited_rank: int | None
    rule: str | None
    kind: str | None
    place: int | None
    most: int | None
    top: int | None
    value: str | None
    reason: str | None
    since: datetime | None
    until: datetime | None


class Edited(NamedTuple):
    """How rules act on an item."""

    rank_without_rules: int | None
    edit: Edit | None


_EXPLAIN_EDIT = Query("explain_edit", _Edit)


async def explain_edit(
    connection: Connection, *, ranking: str, content_type: str, content_id: str, as_of: datetime
) -> Edited | None:
    """Return what rules do to an item in the list of a ranking; None where they do nothing."""
    found = await _EXPLAIN_EDIT.first(
        connection,
        ranking=ranking,
        content_type=content_type,
        content_id=content_id,
        as_of=as_of,
    )
    if found is None:
        return None
    if found.mark is None:
        return Edited(found.unedited_rank, None)
    fields = msgspec.structs.asdict(found)
    without = fields.pop("unedited_rank")
    return Edited(without, msgspec.convert(fields | {"words": _words(found)}, Edit))


def _words(found: _Edit) -> str:
    until = f" until {found.until:%Y-%m-%d %H:%M}Z" if found.until else ""
    match found.mark:
        case "pinned":
            told = f"pinned at {found.place}"
        case "featured":
            told = "featured, before what follows the scores"
        case "held":
            told = f"held for review: new among the first {found.top}"
        case "refused":
            told = f"refused in the review of the first {found.top}"
        case "capped":
            told = f"capped: at most {found.most} of {found.value} stand in this list, and they do"
        case "closed":
            told = "left out: too old or too young" if found.kind == "age" else "not let in"
        case _:
            told = "blocked" + (f" by {found.value!r}" if found.value else "")
    return f"{told}{until}: {found.reason}"
