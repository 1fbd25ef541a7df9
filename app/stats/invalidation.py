"""What ends cached stats: every commit that changes them, as soon as it is one."""

from __future__ import annotations

from collections.abc import Collection

from redis.asyncio.client import Pipeline

from app.stats.keys import Item, item_keys

BEHIND_SECONDS = 86_400
"""How long it is remembered that a last known value is behind: as long as there is one."""


def forget(
    pipe: Pipeline, changed: Collection[Item], *, awaited: Collection[Item] = frozenset()
) -> None:
    """Have a pipeline end the cached stats of items, after the commit and before any answer.

    A refresh that began before is not kept. Of `awaited` items the last value is shown to nobody
    while it is refreshed: somebody waits to read what was written.
    """
    of_changed = [item_keys(*item) for item in changed]
    if of_changed:
        pipe.unlink(*(key for keys in of_changed for key in (keys.served, keys.claim)))
    # After the claims are gone: one from before the commit would take this away.
    for item in awaited:
        pipe.set(item_keys(*item).behind, b"", ex=BEHIND_SECONDS)
