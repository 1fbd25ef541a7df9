"""A ranking under changed settings, held against what it is."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from app.rankings import queries
from app.rankings.changes import columns, unknown
from app.rankings.wire import Preview, PreviewItem, RankingChanges
from app.runtime.sql import Connection


async def preview_of(
    connection: Connection,
    *,
    name: str,
    changes: RankingChanges,
    limit: int,
    now: datetime | None = None,
) -> Preview:
    """Return the new top `limit`, and who enters, leaves and moves; nothing is stored.

    The scores hold for the moment that the newest run is confirmed for, or else for `now`. Raises
    `UnknownRankingError`, `BadRequestError` and `psycopg.errors.CheckViolation` for nonsense.
    """
    given = msgspec.json.encode(columns(changes))
    current = await queries.ranking_overview(connection, name=name)
    if current is None:
        raise unknown(name)
    as_of = current.confirmed_at or now or datetime.now(UTC)
    found = await queries.preview_ranking(connection, ranking=name, changes=given, as_of=as_of)
    places = [_moved(item) for item in found]
    items = [item for item in places if item.rank is not None and item.rank <= limit]
    leaving = [
        item for item in places if not _below(item.current_rank, limit) and _below(item.rank, limit)
    ]
    return Preview(
        ranking=name,
        as_of=as_of,
        items=items,
        entering=[item for item in items if _below(item.current_rank, limit)],
        leaving=sorted(leaving, key=lambda item: item.current_rank or 0),
        moving=sum(1 for item in items if item.moved and not _below(item.current_rank, limit)),
    )


def _moved(item: PreviewItem) -> PreviewItem:
    if item.rank is None or item.current_rank is None:
        return item
    return msgspec.structs.replace(item, moved=item.current_rank - item.rank)


def _below(rank: int | None, size: int) -> bool:
    """Tell whether a rank is not among the top `size`."""
    return rank is None or rank > size
