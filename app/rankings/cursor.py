"""Cursors of rankings: bound to one snapshot, so that pages neither repeat nor skip."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.http.cursor import Codec


class Cursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Where a page begins, in which list of which run."""

    version: Literal[1] = 1
    ranking: Annotated[str, Meta(min_length=1, max_length=63)]
    run_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    segment: Annotated[str, Meta(max_length=300)]
    """As stored, such as `content_type:movie`; empty for the whole list."""
    content_type: Annotated[str, Meta(min_length=1, max_length=200)] | None
    """Only items of this type are shown; None for all."""
    rank: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    """Rank in the segment of the first item that may be on the page."""


CODEC = Codec(Cursor)
encode_cursor = CODEC.encode
decode_cursor = CODEC.decode
