"""Stats of several items: which are asked for, and the answer, an outcome for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from app.errors import BadRequestError, TooLargeError, UnavailableError
from app.http.body import decoded_bytes
from app.http.parameters import MAX_NAME, check_text
from app.http.wire import id_text
from app.stats.cache import UNKNOWN, Found
from app.stats.keys import Item
from app.stats.wire import ItemRef

MOST_ITEMS = 500
"""Most items of one request."""

_ONE = msgspec.json.Decoder(ItemRef)
_SEVERAL = msgspec.json.Decoder(list[ItemRef])
_encode = msgspec.json.Encoder().encode


def items_in_query(ids: str | None, content_type: str) -> list[Item]:
    """Return the items that `ids=` names, between commas; raises `BadRequestError`."""
    if not ids:
        raise BadRequestError(
            f"ids: name 1 to {MOST_ITEMS} ids with commas between them; "
            "ids that have commas go by POST"
        )
    names = ids.split(",")
    if len(names) > MOST_ITEMS:
        raise BadRequestError(f"ids: {len(names)} ids; at most {MOST_ITEMS} are allowed")
    for place, name in enumerate(names, start=1):
        if not 1 <= len(name) <= MAX_NAME:
            raise BadRequestError(
                f"ids: number {place} has {len(name)} characters; use 1 to {MAX_NAME}"
            )
    return [(content_type, name) for name in names]


def items_in_body(body: bytes) -> list[Item]:
    """Return the items that a JSON body names: one or an array of them.

    Raises `BadRequestError` and `TooLargeError`, each naming field and fault.
    """
    is_array = body.lstrip()[:1] == b"["
    given = decoded_bytes(body, _SEVERAL) if is_array else [decoded_bytes(body, _ONE)]
    if not given:
        raise BadRequestError(f"the body names no item; name 1 to {MOST_ITEMS}")
    if len(given) > MOST_ITEMS:
        raise TooLargeError(f"{len(given)} items; at most {MOST_ITEMS} are allowed")
    for ref in given:
        check_text("contentType", ref.content_type)
        check_text("contentId", id_text(ref.content_id))
    return [(ref.content_type, id_text(ref.content_id)) for ref in given]


def encoded(items: Sequence[Item], found: Mapping[Item, Found]) -> bytes:
    """Return the JSON of `StatsOfItems`, with an outcome for each of the items, in their order.

    Raises `UnavailableError` where nothing is known of any.
    """
    failures = [each for each in found.values() if isinstance(each, UnavailableError)]
    if failures and len(failures) == len(found):
        raise failures[0]
    # One flat join: what is found is long, and is copied once.
    parts = [b'{"items":[']
    for item in items:
        content_type, content_id = item
        parts += (b'{"contentId":', _encode(content_id), b',"contentType":', _encode(content_type))
        parts += _outcome(found[item])
        parts.append(b"},")
    parts[-1] = b"}]}"
    return b"".join(parts)


def lines_of(body: bytes) -> Iterator[dict[str, Any]]:
    """Return the items of what `encoded` made, each with its stats beside its names.

    All have the same fields: those of unknown ones are null.
    """
    items = msgspec.json.decode(body)["items"]
    names = next((list(item["stats"]) for item in items if item["stats"]), [])
    for item in items:
        stats = item.pop("stats") or dict.fromkeys(names)
        yield {**item, **{name: value for name, value in stats.items() if name not in item}}


def _outcome(found: Found) -> tuple[bytes, bytes]:
    if isinstance(found, UnavailableError):
        return b',"outcome":"unavailable","stats":', UNKNOWN
    if found == UNKNOWN:
        return b',"outcome":"unknown","stats":', found
    return b',"outcome":"found","stats":', found
