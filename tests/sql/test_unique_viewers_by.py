"""Unique viewers by category, content type, creator and item against sets in plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from statistics import quantiles
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import CheckViolation
from psycopg.types.json import Jsonb

from tests.sql.oracle import Item, Key
from tests.sql.test_series_oracle import CATALOGUE, PROPERTIES, filters, is_wanted
from tests.sql.viewing import DAY, QUARTER, View, distinct, insert, score
from tests.sql.world import AS_OF, World

SPLITS = (None, *PROPERTIES)
Viewers = dict[tuple[int, Key | None], int]


async def start(world: World) -> None:
    await world.forget()
    for number, item in enumerate(CATALOGUE):
        await world.item(str(number), **item)  # type: ignore[arg-type]  # what it takes


async def viewers_by(
    world: World, edges: Sequence[datetime], wanted: object, split_by: str | None
) -> Viewers:
    rows = await world.rows(
        """
        select place, coalesce(item_id::text, subject), viewers
        from api.unique_viewers_by(%s, %s, %s)
        """,
        [list(edges), Jsonb(wanted), split_by],
    )
    found: Viewers = {(place, key): viewers for place, key, viewers in rows}
    assert len(found) == len(rows)
    return found


def recounted(
    items: Iterable[Item], views: Sequence[View], edges: Sequence[datetime], split_by: str | None
) -> Viewers:
    groups: dict[str | None, list[int]] = {}
    for item in items:
        key = None if split_by is None else PROPERTIES[split_by](item)
        groups.setdefault(None if key is None else str(key), []).append(item.item_id)
    counts = {
        (place, key): distinct(views, ids, *pair)
        for key, ids in groups.items()
        for place, pair in enumerate(pairwise(edges), start=1)
    }
    return {key: viewers for key, viewers in counts.items() if viewers}


@given(
    batches=st.lists(
        st.lists(
            st.builds(
                lambda item, ago, viewer: View(item, AS_OF - timedelta(minutes=ago), viewer),
                st.integers(1, 4), st.integers(0, 4 * 24 * 60), st.integers(1, 5),
            ),
            min_size=1, max_size=12,
        ),
        min_size=1, max_size=3,
    ),
    wanted=filters(),
    ago=st.integers(0, 4 * 24 * 60),
    width=st.sampled_from([QUARTER, timedelta(hours=1), DAY, 3 * DAY]),
    split_by=st.sampled_from(SPLITS),
    moves=st.booleans(),
)  # fmt: skip
async def test_few_viewers_are_those_of_sets(  # as many as are drawn
    world: World,
    *,
    batches: list[list[View]],
    wanted: dict[str, Any],
    ago: int,
    width: timedelta,
    split_by: str | None,
    moves: bool,
) -> None:
    """Scored, waiting or late, of any filter and name; of an item under the category it has now."""
    await start(world)
    for number, batch in enumerate(batches):
        await insert(world, batch)
        if number % 2 == 0:
            await score(world)
    items = list(world.items)
    if moves:
        await world.execute("update core.item set category = 'News' where item_id = 1")
        items[0] = replace(items[0], category="News")
    begins = AS_OF - timedelta(minutes=ago)
    edges = [begins, begins + width, begins + 2 * width]
    views = [view for batch in batches for view in batch]
    chosen = [item for item in items if is_wanted(item, wanted)]
    assert await viewers_by(world, edges, wanted, split_by) == recounted(
        chosen, views, edges, split_by
    )


async def test_many_viewers_are_estimated_within_bounds(world: World) -> None:
    """Of thousands of items, more than are looked up one by one; below 1,000 exact."""
    await start(world)
    await world.execute(
        """
        insert into core.item (content_type, external_id, category, creator)
        select 'video', 'many' || n, 'many' || (n % 20), 'c' || (n % 200)
        from generate_series(1, 1500) as n
        """
    )
    rows = await world.rows(
        "select item_id, category from core.item where category like 'many%' order by item_id"
    )
    random = Random(11)  # noqa: S311
    crowd = [random.getrandbits(63) for _ in range(9_000)]
    views = [
        View(
            item,
            AS_OF - random.random() * 3 * DAY,
            # The first category has few viewers, who view much.
            random.choice(crowd[:900] if category == "many0" else crowd),
        )
        for item, category in random.choices(rows, k=40_000)
    ]
    for part in range(2):
        await insert(world, views[part::2])
        await score(world)
    edges = [AS_OF - 3 * DAY, AS_OF + QUARTER]
    items = [Item(item_id=item, category=category, published_at=AS_OF) for item, category in rows]
    truth = recounted(items, views, edges, "category")
    fewest, *others = sorted(truth.values())
    assert fewest <= 900
    assert min(others) > 1_500

    found = await viewers_by(world, edges, {}, "category")

    assert found.keys() == truth.keys()
    assert found[1, "many0"] == truth[1, "many0"]
    errors = [abs(found[key] / truth[key] - 1) for key in truth]
    assert quantiles(errors, n=20)[-1] <= 0.025
    together = await viewers_by(world, edges, {}, None)
    assert together[1, None] == pytest.approx(len({view.viewer for view in views}), rel=0.04)


async def test_more_than_can_be_put_together_is_refused(world: World) -> None:
    """Registers of some items in each quarter hour of a day, by the quarter hour."""
    await start(world)
    await world.execute(
        """
        insert into core.viewer_day (day, item_id, entry, quarters)
        select %s::date, item, -1 - 64 * register - 1, ~0::bit(96)
        from generate_series(1, 3) as item, generate_series(0, 8191) as register
        """,
        AS_OF.date(),
    )
    midnight = AS_OF.replace(hour=0, minute=0, second=0, microsecond=0)
    quarters = [midnight + n * QUARTER for n in range(97)]
    with pytest.raises(CheckViolation, match=r"^metrics: uniqueViewers .* over 96 buckets are too"):
        await viewers_by(world, quarters, {}, "category")
    assert len(await viewers_by(world, quarters[:9], {}, None)) == 8
