"""Lists read from the top of an index equal those of all items, where most are not looked at."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql.world import AS_OF, World

CROWD = """
with given as (
    select
        item_id,
        -- The lower the id, the older the newest event, and the more recent points in its bound.
        %s::timestamptz - make_interval(secs => 40 * (item_id %% 997)) as at,
        1 + (item_id * 7919) %% 1000 as count
    from generate_series(1, %s) as item_id
),
items as (
    insert into core.item (item_id, content_type, external_id, category, creator)
    overriding system value
    select item_id, 'video', item_id::text, 'c' || item_id %% 7, 'm' || item_id %% 400 from given
),
events as (
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type, count)
    select gen_random_uuid(), at, at, item_id, 'view', count from given
)
insert into core.score_feed (item_id, occurred_at, event_type, count)
select item_id, at, 'view', count from given
"""


@pytest.mark.parametrize(
    ("half_life", "recent_half_life"),
    [("8 hours", "2 hours"), ("1 hour", "1 minute"), (None, "1 minute"), (None, None)],
)
async def test_the_top_of_a_crowd_is_the_head_of_the_whole(
    world: World, half_life: str | None, recent_half_life: str | None
) -> None:
    """3,000 items idle for up to eleven hours, more than the search looks at in its first step.
    With a fast term the bounds of fresh items are far too high, so it has to look deeper."""
    await world.ranking("r", half_life=half_life, recent_half_life=recent_half_life)
    await world.execute(CROWD, AS_OF, 3_000)
    await world.run()
    for hours in (0, 5):
        as_of = AS_OF + timedelta(hours=hours)
        rows = await world.rows(
            """
            select wanted, array(
                select item_id from api.weighted_decay_top(
                    jsonb_populate_record(r, jsonb_build_object('size', wanted)), %(as_of)s
                )
            ) = array(
                select item_id from api.weighted_decay(r, %(as_of)s)
                order by score desc, item_id limit wanted
            )
            from core.ranking as r
            cross join unnest(array[1, 10, 100, 1000, 2999, 10000]) as wanted
            """,
            {"as_of": as_of},
        )
        assert [row for row in rows if not row[1]] == []


@pytest.mark.parametrize("segment_size", [1, 3, 100])
async def test_segments_of_a_crowd_are_the_heads_of_theirs(world: World, segment_size: int) -> None:
    """7 categories, one content type and 400 creators, of 8,000 items, of which the search looks
    at 5,000 first: the large segments are full then, most creators' are not."""
    await world.ranking(
        "r",
        half_life="1 hour",
        recent_half_life="10 minutes",
        segments=["category", "content_type", "creator"],
        segment_size=segment_size,
    )
    await world.execute(CROWD, AS_OF, 8_000)
    await world.run()
    rows = await world.rows(
        """
        with found as (
            select place.segment, place.rank, place.item_id, place.score
            from core.ranking as r cross join lateral api.ranked(r, %(as_of)s, 'index') as place
        ),
        expected as (
            select place.segment, place.rank, place.item_id, place.score
            from core.ranking as r cross join lateral api.ranked(r, %(as_of)s, 'scores') as place
        )
        select
            (select count(*) from found),
            (select count(distinct segment) from expected),
            (select count(*) from (table found except all table expected) as extra),
            (select count(*) from (table expected except all table found) as missing)
        """,
        {"as_of": AS_OF},
    )
    assert rows == [(1_000 + places(segment_size), 1 + 7 + 1 + 400, 0, 0)]


async def test_a_segment_that_is_nearly_full_is_read_on_in_the_index(world: World) -> None:
    """When all that is recent has faded, bounds lie a doubling above the scores: so the 250th of a
    category, though it is among the 5,000 of the first look, lies below the next bound. A look at
    some hundreds more tells; all other items of the categories, 9,000 in all, are not looked up."""
    as_of = AS_OF + timedelta(days=100)
    await world.ranking(
        "r",
        half_life=None,
        recent_half_life="240 hours",
        window="all",
        segments=["category"],
        segment_size=250,
    )
    await world.execute(CROWD, AS_OF, 9_000)
    await world.run()
    async with world.connection.transaction():
        before = await items_read(world)
        found = await world.rows(
            """
            select place.segment, place.rank, place.item_id, place.score
            from core.ranking as r cross join lateral api.weighted_decay_segments(r, %s) as place
            order by place.segment, place.rank
            """,
            [as_of],
        )
        after = await items_read(world)
    expected = await world.rows(
        """
        select place.segment, place.rank, place.item_id, place.score
        from core.ranking as r cross join lateral api.ranked(r, %s, 'scores') as place
        where place.segment <> '' order by place.segment, place.rank
        """,
        [as_of],
    )
    assert found == expected
    assert len(found) == 7 * 250
    assert after - before < 5_000 + 2 * 6_000, "in the first look, in the second, for the lists"


async def items_read(world: World) -> int:
    """Return how many rows of the catalogue this transaction has read."""
    return int(
        await world.value(
            "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables"
            " where relid = 'core.item'::regclass"
        )
        or 0
    )


def places(segment_size: int) -> int:
    """Places in the segments of 8,000 items, whose creators have 20 each."""
    return 8 * segment_size + 400 * min(segment_size, 20)
