"""One list of a run, encoded once, and the hash that holds all lists of a run in Redis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from app.rankings.runs import RunOfRanking
from app.rankings.wire import TrendingItem, Window

HEAD = b"head"
"""Field of the hash that says what the run is; the others are segments, the empty one the whole."""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    ranking: str
    window: Window
    run_id: int
    as_of: datetime
    kinds: list[str]
    version: Literal[2] = 2
    """Of this layout: another one is not decoded but loaded from the database."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A list of one run, each item already encoded as JSON."""

    ranking: str
    window: Window
    run_id: int
    as_of: datetime
    kinds: list[str]
    """By what the run ranked in parts too: category, content_type, creator."""
    segment: str = ""
    """The part, such as `category:Music`; empty for the whole list."""
    items: list[bytes]
    """JSON of one `TrendingItem` each, best first."""


_encode_item = msgspec.json.Encoder().encode
_decode_head = msgspec.msgpack.Decoder(_Head).decode
_decode_items = msgspec.msgpack.Decoder(list[bytes]).decode
_pack = msgspec.msgpack.Encoder().encode


def encode_snapshot(
    run: RunOfRanking, items: Sequence[TrendingItem], *, segment: str = ""
) -> Snapshot:
    """Encode each item once; every answer and every process reuses the bytes."""
    return Snapshot(
        ranking=run.ranking,
        window=run.window,
        run_id=run.run_id,
        as_of=run.as_of.astimezone(UTC),
        kinds=run.segments,
        segment=segment,
        items=[_encode_item(item) for item in items],
    )


def pack(run: RunOfRanking, segments: Mapping[str, Sequence[TrendingItem]]) -> dict[bytes, bytes]:
    """Return the hash that the publisher stores in Redis; `segments` always has the whole list."""
    head = _Head(
        ranking=run.ranking,
        window=run.window,
        run_id=run.run_id,
        as_of=run.as_of.astimezone(UTC),
        kinds=run.segments,
    )
    lists = {
        segment.encode(): _pack([_encode_item(item) for item in items])
        for segment, items in segments.items()
    }
    return {HEAD: _pack(head), **lists}


def unpack(head: bytes, items: bytes | None, *, segment: str = "") -> Snapshot:
    """Return one list from two fields of the hash; a segment it does not have is empty.

    Raises `msgspec.DecodeError` for anything that `pack` of this version did not make.
    """
    run = _decode_head(head)
    if items is None and not segment:
        raise msgspec.DecodeError("the whole list is missing")
    return Snapshot(
        ranking=run.ranking,
        window=run.window,
        run_id=run.run_id,
        as_of=run.as_of,
        kinds=run.kinds,
        segment=segment,
        items=_decode_items(items) if items is not None else [],
    )
