"""Excluding items: every ranking is as if they were not there, until the exclusion is lifted."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.runtime.pool import Pool
from tests.profiles import examples
from tests.sql.comparing import all_ranked, assert_recounted
from tests.sql.strategies import Batch, batches
from tests.sql.test_crowd import CROWD
from tests.sql.test_oracle import MORE_RANKINGS, populate
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
EXCLUDE = """
insert into core.item_exclusion (item_id, reason, excluded_by, excluded_at)
select item_id, 'r', 'w', '2026-01-01' """
IN_FORCE = "select reason, excluded_by from core.item_exclusion where lifted_at is null"


async def exclude(world: World, *items: int, reason: str = "spam", who: str = "me") -> None:
    for item in items:
        found = await world.value(
            "select api.exclude_item(content_type, external_id, %s, %s, %s)"
            " from core.item where item_id = %s",
            reason, who, AS_OF, item,
        )  # fmt: skip
        assert found == item


async def include(world: World, *items: int, who: str = "you") -> None:
    for item in items:
        found = await world.value(
            "select api.include_item(content_type, external_id, %s, %s)"
            " from core.item where item_id = %s",
            who, AS_OF + MINUTE, item,
        )  # fmt: skip
        assert found == item


@examples(4)
@given(history=batches(most=12), excluded=st.sets(st.integers(1, 5), min_size=1))
async def test_all_equals_a_recount_without_the_excluded_and_is_as_before_once_lifted(
    world: World, history: list[Batch], excluded: set[int]
) -> None:
    """Every formula, segment, badge, category and creator; counts and stats stay as they are."""
    if not await world.settings("podium"):
        await world.execute(MORE_RANKINGS)
    await world.forget()
    await populate(world)
    for batch in history[:-1]:
        await world.insert(batch.events)
        await world.run(batch.as_of, forced=True)
    await world.insert(history[-1].events)
    as_of = history[-1].as_of
    await world.run(as_of, forced=True)
    before = await all_ranked(world, as_of)

    await exclude(world, *excluded)
    await world.run(as_of, forced=True)
    await assert_recounted(world, as_of, excluded=excluded)

    await include(world, *excluded)
    await world.run(as_of, forced=True)
    await assert_recounted(world, as_of)
    assert await all_ranked(world, as_of) == before


async def test_the_top_of_a_crowd_without_its_head_is_the_head_of_the_rest(world: World) -> None:
    """The search reads from the highest bound down, 5,000 first for segments: of 6,000 items, the
    first 5,500 are excluded, then all but three."""
    await world.ranking(
        "r",
        half_life="8 hours",
        recent_half_life="2 hours",
        segments=["category"],
        segment_size=30,
        size=10,
    )
    await world.execute(CROWD, AS_OF, 6_000)
    await world.run()
    for kept, choice in (
        (500, "from core.ranking_score order by bound desc limit 5500"),
        (3, "from core.item where item_id > 3"),
    ):
        await world.execute("truncate core.item_exclusion")
        await world.execute(EXCLUDE + choice)
        rows = await world.rows(
            """
            with found as (
                select place.segment, place.rank, place.item_id, place.score
                from core.ranking as r cross join lateral api.ranked(r, %(as_of)s, 'index') as place
            ),
            expected as (
                select place.segment, place.rank, place.item_id, place.score
                from core.ranking as r
                cross join lateral api.ranked(r, %(as_of)s, 'scores') as place
            )
            select
                (select count(*) from found where segment = ''),
                (select count(*) from found inner join core.item_exclusion using (item_id)),
                (select count(*) from (table found except all table expected) as extra),
                (select count(*) from (table expected except all table found) as missing)
            """,
            {"as_of": AS_OF},
        )
        assert rows == [(min(10, kept), 0, 0, 0)]


async def test_an_exclusion_takes_effect_at_the_next_run_whatever_the_schedule(
    world: World,
) -> None:
    """A daily list that holds the item is computed anew, one that does not is not."""
    a, b = [await world.item(name) for name in "ab"]
    c = await world.item("c", content_type="book")
    await world.only()
    await world.execute(
        """
        insert into core.ranking (name, formula, "window", content_type, schedule, options)
        values
        ('daily', 'top_count', '24h', 'video', '0 2 * * *', '{}'),
        ('books', 'top_count', '24h', 'book', '0 2 * * *', '{}')
        """
    )
    for item in (a, b, c):
        await world.happened(item)
    await world.run()

    await exclude(world, a)
    await world.run(AS_OF + MINUTE)
    await world.run(AS_OF + 2 * MINUTE)

    assert list(await world.scores("daily")) == [b]
    assert await world.rows("select ranking, as_of from api.stored_run order by run_id") == [
        ("daily", AS_OF),
        ("books", AS_OF),
        ("daily", AS_OF + MINUTE),
    ]


async def test_a_run_that_only_changes_scores_is_not_taken_for_the_old_one(world: World) -> None:
    """b's growth is held against that of the site, which a, too small to be listed, held down."""
    a, b = [await world.item(name) for name in "ab"]
    await world.only("breakout")
    for item, recent, past in ((a, 10, 2_300), (b, 50, 230)):
        await world.happened(item, "view", recent)
        await world.happened(item, "view", past, ago=timedelta(hours=5))
    await world.run()
    (before,) = (await world.scores("breakout")).values()

    await exclude(world, a)
    await world.run(AS_OF + MINUTE)

    ((key, after),) = (await world.scores("breakout")).items()
    assert key == b
    # 50 against 10 expected, all of which is the growth of what is left of the site.
    assert after == pytest.approx((50 + 10) / (50 + 10))
    assert before > 3


async def test_an_excluded_item_counts_for_neither_its_creator_nor_its_category(
    world: World,
) -> None:
    a, b = [await world.item(name, creator="x", category="ape") for name in "ab"]
    await world.only()
    await world.execute(
        """
        insert into core.ranking (name, formula, "window", subject, options)
        values
        ('makers', 'top_count', '7d', 'creator', '{"metric": "likes"}'),
        ('kinds', 'breakout', '1h', 'category', '{"minSupport": 1}')
        """
    )
    for item, likes in ((a, 7), (b, 2)):
        await world.happened(item, "like", likes)
        await world.happened(item, "view", likes)
        await world.happened(item, "view", ago=timedelta(hours=2))
    await world.run()
    assert await world.scores("makers") == {"x": 9}

    await exclude(world, a)
    await world.run(AS_OF + MINUTE)

    assert await world.scores("makers") == {"x": 2}
    assert await world.rows(
        "select ranking, views, likes from api.ranking_entry as e where run_id > 2 order by ranking"
    ) == [("kinds", 2, 2), ("makers", 3, 2)]


async def test_hot_flags_are_given_to_the_others(world: World) -> None:
    items = [await world.item(name) for name in "abcde"]
    for place, item in enumerate(items):
        await world.happened(item, "view", 10 - place)
    await world.run()
    hot = "select item_id from core.item_hot where is_hot"
    assert await world.rows(hot) == [(items[0],)]

    await exclude(world, items[0])
    await world.run(AS_OF + MINUTE)

    assert await world.rows(hot) == [(items[1],)]
    assert await world.value("select count(*) from core.item_hot") == 4


async def test_what_is_excluded_goes_on_being_counted(world: World) -> None:
    a, b = [await world.item(name) for name in "ab"]
    await world.happened(b)
    await exclude(world, a)
    await world.run()
    await world.happened(a, "view", 5, ago=-MINUTE)
    await world.run(AS_OF + MINUTE)
    assert list(await world.scores("trending_24h")) == [b]

    await include(world, a)
    await world.run(AS_OF + 2 * MINUTE, forced=True)

    assert list(await world.scores("trending_24h")) == [a, b]
    await assert_recounted(world, AS_OF + 2 * MINUTE)


async def test_the_record_says_who_when_and_why(world: World) -> None:
    a = await world.item("a")
    await exclude(world, a, reason="spam", who="ada")
    await exclude(world, a, reason="spam", who="grace")
    await exclude(world, a, reason="stolen", who="grace")
    await include(world, a, who="ada")
    await include(world, a, who="nobody")
    await exclude(world, a, reason="spam", who="ada")

    assert await world.rows(
        """
        select reason, excluded_by, excluded_at, lifted_by, lifted_at
        from core.item_exclusion order by exclusion_id
        """
    ) == [
        ("spam", "ada", AS_OF, "grace", AS_OF),
        ("stolen", "grace", AS_OF, "ada", AS_OF + MINUTE),
        ("spam", "ada", AS_OF, None, None),
    ]
    assert await world.rows("select content_id, reason, excluded_by from api.excluded_item") == [
        ("a", "spam", "ada")
    ]


async def test_an_unknown_item_cannot_be_excluded(world: World) -> None:
    unknown = "select api.exclude_item('video', 'nobody', 'spam', 'me', now())"
    assert await world.value(unknown) is None
    assert await world.value("select api.include_item('video', 'nobody', 'me', now())") is None


@pytest.mark.parametrize("reason", ["", "x" * 501])
async def test_a_reason_is_needed(world: World, reason: str) -> None:
    a = await world.item("a")
    with pytest.raises(psycopg.errors.CheckViolation, match="item_exclusion_reason_given"):
        await exclude(world, a, reason=reason)


async def test_of_many_at_once_one_is_in_force(world: World, pool: Pool) -> None:
    a = await world.item("a")

    async def at_once(number: int) -> None:
        async with pool.connection() as connection:
            await connection.execute(
                "select api.exclude_item('video', 'a', %s, 'me', %s)", [f"r{number % 2}", AS_OF]
            )

    await asyncio.gather(*map(at_once, range(12)))

    assert len(await world.rows(IN_FORCE)) == 1
    await include(world, a)
    assert await world.rows(IN_FORCE) == []
