"""One list of a run, encoded once, and the hash that holds all lists of a run in Redis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec

from app.rankings.runs import Run, RunOfRanking
from app.rankings.wire import TrendingItem, Window

HEAD = b"head"
"""Field of the hash that says what the run is; the others are segments, the empty one the whole."""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    ranking: str
    window: Window
    run_id: int
    as_of: datetime
    kinds: list[str]
    digest: str
    version: Literal[4] = 4
    """Of this layout: another one is not decoded but loaded from the database."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A list of one run, each item already encoded as JSON."""

    ranking: str
    window: Window
    run_id: int
    as_of: datetime
    """Up to when its order is known to hold."""
    kinds: list[str]
    """By what the run ranked in parts too: category, content_type, creator, language."""
    segment: str = ""
    """The part, such as `category:Music`; empty for the whole list."""
    items: list[bytes]
    """JSON of one `TrendingItem` each, best first."""
    digest: str = ""
    """Of all lists of the run as they were published; empty: read from the database."""


class Word(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """How a published list stands; times are Unix times."""

    fresh_at: float
    """Up to when it is what its schedule promises."""
    confirmed_at: float
    """Up to when its order is known to hold."""


encode_word = msgspec.json.Encoder().encode
decode_word = msgspec.json.Decoder(Word).decode
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
        as_of=run.confirmed_at if isinstance(run, Run) else run.as_of,
        kinds=run.segments,
        segment=segment,
        items=[_encode_item(item) for item in items],
    )


class Packed(NamedTuple):
    """A run as the publisher stores it."""

    digest: str
    """Of its lists, titles and all."""
    fields: dict[bytes, bytes]
    """The hash."""


def pack(run: Run, segments: Mapping[str, Sequence[TrendingItem]]) -> Packed:
    """Return what the publisher stores in Redis; `segments` always has the whole list."""
    lists = {
        segment.encode(): _pack([_encode_item(item) for item in items])
        for segment, items in sorted(segments.items())
    }
    digest = blake2b(b"".join(part for one in lists.items() for part in one), digest_size=9)
    head = _Head(
        ranking=run.ranking,
        window=run.window,
        run_id=run.run_id,
        as_of=run.confirmed_at,
        kinds=run.segments,
        digest=digest.hexdigest(),
    )
    return Packed(head.digest, {HEAD: _pack(head), **lists})


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
        digest=run.digest,
    )


def digest_of(head: bytes | None) -> str | None:
    """Return the digest in a head; None for what `pack` of this version did not make."""
    with suppress(msgspec.DecodeError):
        return None if head is None else _decode_head(head).digest
    return None
