"""From the parameters of a list to one page of it, for every route that shows one."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Response

from app.errors import BadRequestError
from app.http.answers import AnyRequest, kept, passing
from app.rankings.cursor import Cursor, decode_cursor
from app.rankings.errors import CursorExpiredError
from app.rankings.lists import Lists
from app.rankings.pages import encode_page, named_kind, named_segment
from app.rankings.snapshot import Snapshot
from app.rankings.wire import Trending, Window
from app.services import services_of


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One list of a ranking, and where in it a page begins."""

    ranking: str
    segment: str = ""
    """As stored, such as `content_type:movie`; empty for the whole list."""
    content_type: str | None = None
    """Only items of this type are shown; None for all."""
    run_id: int | None = None
    """The run it is bound to; None for the newest one, or the one of `as_of`."""
    as_of: datetime | None = None
    first: int = 1


def continued(text: str) -> Listing:
    """Return the listing that a cursor goes on with; `BadRequestError` for a malformed one."""
    cursor: Cursor = decode_cursor(text)
    return Listing(
        ranking=cursor.ranking,
        segment=cursor.segment,
        content_type=cursor.content_type,
        run_id=cursor.run_id,
        first=cursor.rank,
    )


async def find(lists: Lists, wanted: Listing) -> Snapshot | None:
    """Return the snapshot of a listing; None where the ranking has no run, or none of then.

    Raises `CursorExpiredError` where the run that it is bound to is gone, and `BadRequestError`
    where the ranking is not ranked in such parts.
    """
    if wanted.run_id is not None:
        found = await lists.of_run(wanted.ranking, wanted.run_id, wanted.segment)
        if found is None:
            raise CursorExpiredError("its snapshot is no longer kept; begin again without a cursor")
    elif wanted.as_of is not None:
        found = await lists.at(wanted.ranking, wanted.segment, as_of=wanted.as_of)
    else:
        found = await lists.current(wanted.ranking, wanted.segment)
    kind = wanted.segment.partition(":")[0]
    if found is not None and kind and kind not in found.kinds:
        named = ", ".join(map(named_kind, found.kinds)) or "none"
        raise BadRequestError(
            f"segment: {wanted.ranking} has no part {named_segment(wanted.segment)!r}: "
            f"it is ranked in parts by {named}"
        )
    return found


def answer(
    request: AnyRequest, lists: Lists, snapshot: Snapshot, wanted: Listing, *, limit: int
) -> Response[bytes]:
    """Answer with one page of the snapshot."""
    is_past = wanted.as_of is not None
    body = encode_page(
        snapshot,
        first=wanted.first,
        limit=limit,
        content_type=wanted.content_type,
        stale=not is_past and lists.snapshots.is_stale(snapshot.ranking),
    )
    return kept(request, body, max_age=services_of(request).settings.trending_max_age)


def empty(request: AnyRequest, wanted: Listing, window: Window) -> Response[bytes]:
    """Answer for a ranking before its first run, which can come at any moment."""
    page = Trending(
        ranking=wanted.ranking,
        window=window,
        segment=named_segment(wanted.segment),
        run_id=None,
        as_of=None,
        stale=wanted.as_of is None,
        items=[],
        next_cursor=None,
    )
    return passing(request, page)
