"""breakout: (recent + k) / (expected + k), expected = own baseline · growth of the whole site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.sql.world import AS_OF, World

HOUR = timedelta(hours=1)


async def viewed(
    world: World, name: str, recent: int, before: int, *, category: str | None = None
) -> int:
    """An item with views now, and others in the 23 hours before the last one."""
    item = await world.item(name, category=category)
    if recent:
        await world.happened(item, "view", recent)
    if before:
        await world.happened(item, "view", before, ago=10 * HOUR)
    return item


async def test_own_rate_times_the_growth_of_the_site(world: World) -> None:
    """Both had 23 views in 23 h: 1 is due in an hour. 40 + 20 came where 2 were due: the site
    grew 30-fold, so 30 are expected of each. a: (40 + 10)/(30 + 10); b: (20 + 10)/(30 + 10)."""
    await world.only("breakout")
    a = await viewed(world, "a", 40, 23)
    b = await viewed(world, "b", 20, 23)

    await world.run()

    assert await world.scores("breakout") == {a: pytest.approx(1.25), b: pytest.approx(0.75)}
    # recent, expected, baseline, site growth
    assert (await world.components("breakout"))[a] == pytest.approx([40, 30, 1, 30])


async def test_where_all_grow_alike_nobody_breaks_out(world: World) -> None:
    """Ten times the views everywhere, of big and small: all are 1."""
    await world.only("breakout")
    items = [await viewed(world, str(rate), 10 * rate, 23 * rate) for rate in (2, 30, 500)]

    await world.run()

    assert await world.scores("breakout") == {item: pytest.approx(1) for item in items}


async def test_small_numbers_are_shrunk_towards_one(world: World) -> None:
    """Both ten times as expected, the site as a whole as before (1,300 of 1,300 an hour):
    20 of 2: (20 + 10)/(2 + 10) = 2.5; 200 of 20: 210/30 = 7. The rest fell to 1080 of 1278."""
    await world.only("breakout")
    small = await viewed(world, "small", 20, 2 * 23)
    large = await viewed(world, "large", 200, 20 * 23)
    rest = await viewed(world, "rest", 1080, 1278 * 23)

    await world.run()

    assert await world.scores("breakout") == {
        large: pytest.approx(7),
        small: pytest.approx(2.5),
        rest: pytest.approx(1090 / 1288),
    }


async def test_too_little_support_is_left_out_but_belongs_to_the_site(world: World) -> None:
    """b has 19 views and no past: left out. 41 + 19 where 2 were due: grown 30-fold, 60 expected
    of a: (41 + 10)/(60 + 10)."""
    await world.only("breakout")
    a = await viewed(world, "a", 41, 46)
    await viewed(world, "b", 19, 0)

    await world.run()

    assert await world.scores("breakout") == {a: pytest.approx(51 / 70)}


async def test_something_new_has_nothing_expected_of_it(world: World) -> None:
    """b is new: (30 + 10)/(0 + 10) = 4. a: 30 of expected 60: 40/70."""
    await world.only("breakout")
    a = await viewed(world, "a", 30, 23)
    b = await viewed(world, "b", 30, 0)

    await world.run()

    assert await world.scores("breakout") == {b: pytest.approx(4), a: pytest.approx(40 / 70)}


async def test_without_any_past_there_is_nothing_to_break_out_of(world: World) -> None:
    await world.only("breakout")
    await viewed(world, "a", 1000, 0)

    await world.run()

    assert await world.scores("breakout") == {}


async def test_categories_add_up_their_items(world: World) -> None:
    """ape: 10 + 30 of 23 + 0 before; bee: 20 of 23; as in the first test. The item without a
    category is not listed, but it would be part of the site's growth if it had any views."""
    await world.only("breakout_categories")
    await viewed(world, "a", 10, 23, category="ape")
    await viewed(world, "b", 30, 0, category="ape")
    await viewed(world, "c", 20, 23, category="bee")

    await world.run()

    assert await world.scores("breakout_categories") == {
        "ape": pytest.approx(1.25),
        "bee": pytest.approx(0.75),
    }


async def test_just_after_midnight_is_like_any_other_time(world: World) -> None:
    """30 views in each of the last 24 hours, as of ten past midnight: as expected, 1; a count of
    the day so far against whole days would see a slump, or a surge."""
    await world.only("breakout")
    item = await world.item("a")
    midnight = datetime(2026, 3, 16, tzinfo=UTC)
    as_of = midnight + timedelta(minutes=10)
    for hour in range(24):
        await world.happened(
            item, "view", 30, ago=AS_OF - (as_of - hour * HOUR - timedelta(minutes=30))
        )

    await world.run(as_of)

    assert await world.scores("breakout") == {item: pytest.approx(1)}


@pytest.mark.parametrize(("window", "inside", "outside"), [("24h", 5, 50), ("7d", 50, 400)])
async def test_longer_windows_are_held_against_the_next_longer(
    world: World, window: str, inside: int, outside: int
) -> None:
    """24 h against the 6 days before: 60 where 360 came in six times as long is 60 of 60.
    7 d against the 23 days before: 70 of 230, in 23/7 as long, is 70 of 70."""
    recent, before = {"24h": (60, 360), "7d": (70, 230)}[window]
    await world.ranking("r", formula="breakout", window=window)
    item = await world.item("a")
    await world.happened(item, "view", recent, ago=inside * HOUR)
    await world.happened(item, "view", before, ago=outside * HOUR)

    await world.run()

    assert await world.scores("r") == {item: pytest.approx(1)}
    assert (await world.components("r"))[item] == pytest.approx([recent, recent, recent, 1])


async def test_options_change_metric_strength_and_support(world: World) -> None:
    """Likes, k = 1, from 5 on. a: 6 where 1 is due, b: 2 where 1 is due; the site grew 4-fold:
    a: (6 + 1)/(4 + 1); b has too little support."""
    await world.ranking(
        "r",
        formula="breakout",
        window="1h",
        options={"metric": "likes", "strength": 1, "minSupport": 5},
    )
    a, b = [await world.item(name) for name in "ab"]
    for item, likes in ((a, 6), (b, 2)):
        await world.happened(item, "like", likes)
        await world.happened(item, "like", 23, ago=5 * HOUR)
        await world.happened(item, "view", 500)

    await world.run()

    assert await world.scores("r") == {a: pytest.approx(1.4)}
