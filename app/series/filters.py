"""Filters of items: names that they must have, or must not have.

`name` is one that will do, `!name` one that will not; `=name` is exactly that name, for those that
begin with `!` or `=`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from app.errors import BadRequestError, UnknownItemError
from app.items.queries import known_items
from app.runtime.sql import Connection

DEFAULT_TYPE = "video"
MAX_NAME = 200
MAX_NAMES = 100
"""Most names of one parameter."""


class Names(msgspec.Struct, frozen=True):
    """What one parameter asks for."""

    is_in: list[str]
    not_in: list[str]

    def rules(self) -> dict[str, list[str]]:
        """Return it as a part of what `api.item_condition` takes."""
        rules = {"in": self.is_in, "notIn": self.not_in}
        return {rule: names for rule, names in rules.items() if names}


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which items are asked for."""

    content_ids: Names
    content_types: Names
    categories: Names
    creators: Names
    dimension: str | None = None
    """A declared key of the metadata, which `values` are of."""
    values: Names = Names([], [])

    @property
    def item_type(self) -> str:
        """The type of the items that are named by their ids."""
        return self.content_types.is_in[0] if self.content_types.is_in else DEFAULT_TYPE


def filters_of(
    content_ids: list[str] | None,
    content_types: list[str] | None,
    categories: list[str] | None,
    creators: list[str] | None,
    metadata: list[str] | None = None,
) -> Filters:
    """Return what the parameters ask for; raises `BadRequestError`, which names one."""
    filters = Filters(
        content_ids=_names("contentId", content_ids),
        content_types=_names("contentType", content_types),
        categories=_names("category", categories),
        creators=_names("creator", creators),
        **_values(metadata or []),
    )
    if content_ids and len(filters.content_types.is_in) > 1:
        raise BadRequestError("contentType: name one, which all items of contentId have")
    return filters


async def condition_of(connection: Connection, filters: Filters) -> str:
    """Return what `api.engagement_sums` takes, JSON with the items' ids; `UnknownItemError`."""
    content_type, ids = filters.item_type, filters.content_ids
    named = [*ids.is_in, *ids.not_in]
    resolved = await known_items(
        connection, content_types=[content_type] * len(named), external_ids=named
    ) if named else []  # fmt: skip
    numbers = {item.external_id: str(item.item_id) for item in resolved}
    for content_id in ids.is_in:
        if content_id not in numbers:
            raise UnknownItemError(f"no {content_type} {content_id!r} has ever been named")
    rules = {
        "item": Names(
            [numbers[name] for name in ids.is_in],
            [numbers[name] for name in ids.not_in if name in numbers],
        ),
        "contentType": filters.content_types,
        "category": filters.categories,
        "creator": filters.creators,
    }
    wanted: dict[str, dict[str, object]] = {
        name: {**names.rules()} for name, names in rules.items() if names.rules()
    }
    if filters.dimension is not None:
        wanted["metadata"] = {"key": filters.dimension, **filters.values.rules()}
    return msgspec.json.encode(wanted).decode()


def together(parameter: str, first: str, second: str) -> BadRequestError:
    """Return the error for two keys, each of which is counted without the other; what will do."""
    return BadRequestError(
        f"{parameter}: {first} and {second} are counted each by itself; where "
        f"`groundswell dimensions declare {first}.{second} VALUE/VALUE …` counts them together, "
        f"by=metadata.{first}.{second} and metadata={first}.{second}:VALUE/VALUE tell"
    )


def _values(given: list[str]) -> dict[str, Any]:
    """Return key and values of a parameter such as `device:phone` or `!device:phone`."""
    parts = [text.removeprefix("!").partition(":") for text in given]
    keys = {key for key, _, _ in parts}
    if not all(key and colon for key, colon, _ in parts):
        raise BadRequestError("metadata: use a declared key and a value, such as device:phone")
    if len(keys) > 1:
        raise together("metadata", *sorted(keys)[:2])
    signs = ["!" if text.startswith("!") else "=" for text in given]
    names = [f"{sign}{value}" for sign, (_, _, value) in zip(signs, parts, strict=True)]
    return {"dimension": keys.pop(), "values": _names("metadata", names)} if keys else {}


def _names(parameter: str, values: list[str] | None) -> Names:
    values = values or []
    if len(values) > MAX_NAMES:
        raise BadRequestError(f"{parameter}: came {len(values)} times; {MAX_NAMES} at most")
    is_in, not_in = dict[str, None](), dict[str, None]()
    for value in values:
        name = value.removeprefix("!") if value.startswith("!") else value.removeprefix("=")
        if not 1 <= len(name) <= MAX_NAME:
            raise BadRequestError(f"{parameter}: use names of 1 to {MAX_NAME} characters")
        (not_in if value.startswith("!") else is_in)[name] = None
    return Names(list(is_in), list(not_in))
