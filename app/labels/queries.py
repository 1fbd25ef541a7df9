"""The queries on labels of actors and items."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from app.runtime.sql import Connection, Query

Kind = Literal["user", "session", "address", "item"]


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A label, in force or lifted."""

    label_id: int
    kind: str
    viewer: int | None
    content_type: str | None
    content_id: str | None
    reason: str
    evidence: str
    """A JSON object."""
    since: date
    until: date | None
    """None: it holds all later days."""
    labelled_by: str
    lifted_by: str | None
    """None while it is in force."""


class AddedLabel(msgspec.Struct, frozen=True, kw_only=True):
    """The label that is in force now."""

    label_id: int


class LiftedLabel(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there was one to lift."""

    is_lifted: bool


_ADD_LABEL = Query("add_label", AddedLabel)
_LIFT_LABEL = Query("lift_label", LiftedLabel)
_LIST_LABELS = Query("list_labels", Label)


async def add_label(  # noqa: PLR0913  # as many as there are columns
    connection: Connection,
    *,
    kind: Kind,
    viewer: int | None,
    item_id: int | None,
    reason: str,
    since: date,
    until: date | None,
    labelled_by: str,
    as_of: datetime,
) -> int:
    """Label an actor or an item from the next run on; return the label, also if it was there."""
    [added] = await _ADD_LABEL.all(
        connection, kind=kind, viewer=viewer, item_id=item_id, reason=reason, since=since,
        until=until, labelled_by=labelled_by, as_of=as_of,
    )  # fmt: skip
    return added.label_id


async def lift_label(
    connection: Connection, *, label_id: int, lifted_by: str, as_of: datetime
) -> bool:
    """Lift a label from the next run on; tell whether it was in force."""
    lifted = await _LIFT_LABEL.first(
        connection, label_id=label_id, lifted_by=lifted_by, as_of=as_of
    )
    return lifted is not None and lifted.is_lifted


async def list_labels(connection: Connection, *, with_lifted: bool, limit: int) -> list[Label]:
    """Return labels, the newest first."""
    return await _LIST_LABELS.all(connection, with_lifted=with_lifted, limit=limit)
