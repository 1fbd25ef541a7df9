"""From a row of the catalogue to the JSON that shows it."""

from __future__ import annotations

from msgspec import UNSET

from app.items import queries as items
from app.items.wire import Excluded, Item

_OTHERWISE = {"excluded", "has_liked"}


def item_of(entry: items.CatalogueItem) -> Item:
    """Return an entry as callers see it."""
    excluded = None
    if entry.excluded_because is not None and entry.excluded_since is not None:
        excluded = Excluded(reason=entry.excluded_because, since=entry.excluded_since)
    fields = {
        name: getattr(entry, name) for name in Item.__struct_fields__ if name not in _OTHERWISE
    }
    has_liked = UNSET if entry.has_liked is None else entry.has_liked
    return Item(**fields, excluded=excluded, has_liked=has_liked)
