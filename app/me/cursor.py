"""Cursors of what a user viewed: the event below which a page begins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from app.http.cursor import Codec
from app.runtime.moments import FIRST, LAST, moment_of


class HistoryCursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A place in the list, which is sorted by both, the highest first."""

    list_: Literal["history1"] = "history1"
    microseconds: Annotated[int, Meta(ge=FIRST, le=LAST)]
    event_id: UUID

    @property
    def occurred_at(self) -> datetime:
        """When the event there happened."""
        return moment_of(self.microseconds)


ABOVE_ALL = HistoryCursor(microseconds=LAST, event_id=UUID(int=2**128 - 1))
CODEC = Codec(HistoryCursor)
