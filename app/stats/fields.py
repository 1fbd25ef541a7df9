"""`fields=` of stats: which of them an answer has."""

from __future__ import annotations

import difflib

import msgspec

from app.errors import BadRequestError
from app.stats.wire import ItemStats

KNOWN = tuple(ItemStats.__struct_encode_fields__)


def fields_of(text: str | None) -> frozenset[str] | None:
    """Return the fields that a comma-separated list names; None for all of them.

    Raises `BadRequestError`, which names one that is none, and the nearest that is.
    """
    if text is None:
        return None
    wanted = frozenset(name.strip() for name in text.split(","))
    for name in sorted(wanted.difference(KNOWN)):
        near = difflib.get_close_matches(name[:50], KNOWN, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "they are those of the whole answer"
        raise BadRequestError(f"fields: {name[:100]!r} is no field of stats; {hint}")
    return wanted | ItemStats.always


def picked(stats: bytes, wanted: frozenset[str] | None) -> bytes:
    """Return the JSON of stats with only the wanted fields."""
    if wanted is None:
        return stats
    whole: dict[str, object] = msgspec.json.decode(stats)
    return msgspec.json.encode({name: whole[name] for name in whole if name in wanted})
