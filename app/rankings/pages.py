"""From a snapshot to the JSON of one page of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from app.rankings.cursor import Cursor, encode_cursor
from app.rankings.snapshot import Snapshot
from app.rankings.wire import Trending

_PREFIXES = {
    "category": "category",
    "content_type": "contentType",
    "creator": "creator",
    "language": "language",
}
"""What callers call the kinds of segments that core.ranking names."""
_KINDS = {name: kind for kind, name in _PREFIXES.items()}


class _Typed(msgspec.Struct, rename="camel"):
    """As much of an encoded item as a filter needs."""

    content_type: str


class _Page(Trending, frozen=True, kw_only=True):
    """A page whose items are encoded already."""

    items: list[msgspec.Raw]  # type: ignore[assignment]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Typed).decode


def encode_page(
    snapshot: Snapshot,
    *,
    first: int = 1,
    limit: int,
    content_type: str | None = None,
    stale: bool,
) -> bytes:
    """Return up to `limit` items of rank `first` and below, of one content type or of all."""
    ranked: Iterator[tuple[int, bytes]] = enumerate(snapshot.items[first - 1 :], start=first)
    if content_type is not None:
        ranked = ((n, item) for n, item in ranked if _decode(item).content_type == content_type)
    # One more than is shown tells whether there is a next page, and where it begins.
    found = list(islice(ranked, limit + 1))
    cursor = None
    if len(found) > limit:
        cursor = Cursor(
            ranking=snapshot.ranking,
            run_id=snapshot.run_id,
            segment=snapshot.segment,
            content_type=content_type,
            rank=found[-1][0],
        )
    page = _Page(
        ranking=snapshot.ranking,
        window=snapshot.window,
        segment=named_segment(snapshot.segment),
        run_id=snapshot.run_id,
        as_of=snapshot.as_of,
        stale=stale,
        items=[msgspec.Raw(item) for _, item in found[:limit]],
        next_cursor=encode_cursor(cursor) if cursor else None,
    )
    return _encode(page)


def named_segment(stored: str) -> str | None:
    """Return what callers call a segment: `contentType:movie` for `content_type:movie`."""
    kind, colon, value = stored.partition(":")
    return _PREFIXES[kind] + colon + value if colon else None


def named_kind(stored: str) -> str:
    """Return what callers call a kind of segments: `contentType` for `content_type`."""
    return _PREFIXES[stored]


def stored_segment(named: str) -> str | None:
    """Return the stored name of a segment, or None for what cannot be one."""
    kind, _, value = named.partition(":")
    return f"{_KINDS[kind]}:{value}" if kind in _KINDS and value else None
