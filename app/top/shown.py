"""What a top list shows: its members by their counts, or as editorial rules want them."""

from __future__ import annotations

from typing import NamedTuple

from redis.asyncio import Redis

from app.runtime.pool import Pool, borrowed
from app.top.lists import Head, Page, read_all, read_page
from app.top.members import item_of, name_of
from app.top.queries import edited_top_list


class Shown(NamedTuple):
    """One place that is shown."""

    rank: int
    item_id: int | None
    """None where creators or categories are listed: then `name` has it."""
    name: str | None
    amount: float
    mark: str | None
    """What an editorial rule did, such as `pinned`; None: nothing."""


class ShownPage(NamedTuple):
    """A part of a published top list, best first."""

    head: Head
    total: int
    places: list[Shown]


async def read_shown(  # noqa: PLR0913  # which part of which list, and what it takes to read it
    redis: Redis, pool: Pool, *, within: float, ranking: str, offset: int, limit: int
) -> ShownPage | None:
    """Return a part of a list as it is shown; None where it is not published.

    Where rules act on it, the database arranges what Redis has counted, in at most `within`
    seconds: so a list with rules follows each event, too.
    """
    page = await read_page(redis, ranking=ranking, offset=offset, limit=limit)
    if page is None or not page.head.is_edited:
        return page and ShownPage(page.head, page.total, _by_count(page, offset))
    page = await read_all(redis, ranking=ranking)
    if page is None:
        return None
    is_of_items = page.head.subject == "item"
    members = [member for member, _ in page.places]
    async with borrowed(pool, within=within) as connection:
        found = await edited_top_list(
            connection,
            ranking=ranking,
            item_ids=[item_of(member) for member in members] if is_of_items else None,
            names=None if is_of_items else [name_of(member) for member in members],
            counts=[count for _, count in page.places],
        )
    places = [
        Shown(rank, place.item_id, place.name, place.count, place.mark)
        for rank, place in enumerate(found, start=1)
    ]
    return ShownPage(page.head, len(places), places[offset : offset + limit])


def _by_count(page: Page, offset: int) -> list[Shown]:
    is_of_items = page.head.subject == "item"
    return [
        Shown(
            rank=rank,
            item_id=item_of(member) if is_of_items else None,
            name=None if is_of_items else name_of(member),
            amount=count,
            mark=None,
        )
        for rank, (member, count) in enumerate(page.places, start=offset + 1)
    ]
