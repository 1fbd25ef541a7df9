"""api.list_items where most is not looked at, and where all that is wanted is far down."""

from __future__ import annotations

import pytest

from tests.sql.world import World

CROWD = """
insert into core.item (item_id, content_type, external_id, category, published_at)
overriding system value
select
    n, case when n <= 5100 then 'video' else 'book' end, n::text, 'c' || n % 3,
    '2026-01-01'::timestamptz + make_interval(mins => n % 50)
from generate_series(1, 15400) as n
"""
COUNTS = """
insert into core.item_window
    ("window", item_id, views, likes, comments, shares, watch_seconds, last_event_at)
select 'all', n, (20000 - n) / 3, n % 7 - 3, 0, 0, 0, '2026-01-02'
from generate_series(1, 15400) as n
where n % 10 <> 0
"""
HOT = """
insert into core.item_hot (item_id, hot_score, hot_rank, is_hot)
select n, 0, n, false from generate_series(1, 15400) as n where n % 10 <> 0
"""
EXPECTED = """
select item.item_id
from core.item as item
left join core.item_window_all as lifetime on item.item_id = lifetime.item_id
left join core.item_hot as hot on item.item_id = hot.item_id
where
    item.item_id %% 50 <> 1
    and (%(category)s::text is null or item.category = %(category)s::text)
    and (%(content_type)s::text is null or item.content_type = %(content_type)s::text)
order by
    case %(sort)s
        when 'hot' then -hot.hot_rank when 'views' then lifetime.views
        -- More taken back than given is as good as none.
        when 'likes' then case when lifetime.likes > 0 then lifetime.likes end
    end desc nulls last,
    case
        when %(sort)s = 'new' or lifetime.item_id is null
            or (%(sort)s = 'likes' and lifetime.likes <= 0)
        then item.published_at
    end desc,
    item.item_id desc
"""
PAGE = """
select item_id, is_rest, sort_count, sort_moment
from api.list_items(%s, %s, %s, %s, %s, %s, %s, %s)
"""


async def pages(world: World, *wanted: str | None, most: int) -> list[int]:
    """Walk through all pages and return the items."""
    found: list[int] = []
    after: tuple[object, ...] = (None, None, None, None)
    while True:
        rows = await world.rows(PAGE, [*wanted, *after, most])
        found += [row[0] for row in rows]
        if len(rows) < most:
            return found
        item_id, is_rest, count, moment = rows[-1]
        after = (is_rest, count, moment, item_id)


@pytest.mark.parametrize("sort", ["hot", "new", "views", "likes"])
async def test_pages_of_a_crowd_are_those_of_a_sort(world: World, sort: str) -> None:
    """Of 15,400 items, the books (10,300, more than are gathered) come after 5,100 videos, more
    than are walked past; every tenth has no count and no rank; every fiftieth is excluded."""
    for statement in (CROWD, COUNTS, HOT, "analyze core.item, core.item_window_all, core.item_hot"):
        await world.execute(statement)
    await world.execute(
        "insert into core.item_exclusion (item_id, reason, excluded_by, excluded_at)"
        " select item_id, 'r', 'w', published_at from core.item where item_id % 50 = 1"
    )
    for category, content_type in ((None, "book"), ("c1", None)):
        expected = await world.rows(
            EXPECTED, {"sort": sort, "category": category, "content_type": content_type}
        )
        found = await pages(world, sort, category, content_type, most=5_400)
        assert found == [item_id for (item_id,) in expected], (category, content_type)
