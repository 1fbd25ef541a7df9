"""weighted_decay: sum of weight · (2^(-age / half_life) + 2^(-age / recent_half_life))."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql.oracle import Event
from tests.sql.world import AS_OF, World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_an_event_counts_twice_at_once_and_fades_by_two_half_lives(world: World) -> None:
    """One view, half-lives 8 h and 2 h, 8 h later: 2^-1 + 2^-4 = 0.5 + 0.0625."""
    a = await world.item("a")
    await world.ranking("r", half_life="8 hours", recent_half_life="2 hours")
    await world.happened(a)

    await world.run(AS_OF)
    assert await world.scores("r") == {a: pytest.approx(2.0)}

    await world.happened(await world.item("b"), ago=-8 * HOUR)
    await world.run(AS_OF + 8 * HOUR)
    assert await world.scores("r") == {2: pytest.approx(2.0), a: pytest.approx(0.5625)}


async def test_every_type_has_its_weight(world: World) -> None:
    """2 views, 3 likes - 1 unlike, 1 comment, 1 share, 4 x 30 s, one half-life of 8 h ago:
    (2·1 + 2·5 + 1·3 + 1·4 + 2 min·0.1) / 2 = 19.2 / 2 = 9.6, without a recent term."""
    a = await world.item("a")
    await world.ranking("r", half_life="8 hours")
    await world.happened(a, "view", 2, ago=8 * HOUR)
    await world.happened(a, "like", 3, ago=8 * HOUR)
    await world.happened(a, "unlike", 1, ago=8 * HOUR)
    await world.happened(a, "comment", 2, ago=8 * HOUR)
    await world.happened(a, "uncomment", 1, ago=8 * HOUR)
    await world.happened(a, "share", 1, ago=8 * HOUR)
    await world.happened(a, "watch_time", 4, seconds=30, ago=8 * HOUR)

    await world.run()

    assert await world.scores("r") == {a: pytest.approx(9.6)}
    # views, likes, comments, shares, watch minutes; then the recent ones, of which there are none.
    parts = (await world.components("r"))[a]
    assert parts == pytest.approx([1.0, 5.0, 1.5, 2.0, 0.1, 0, 0, 0, 0, 0])


async def test_without_a_half_life_nothing_fades(world: World) -> None:
    """A view of a year ago and one of now, half_life null: 1 + 1."""
    a = await world.item("a")
    await world.ranking("r", window="all")
    await world.happened(a, ago=365 * DAY)
    await world.happened(a)

    await world.run()

    assert await world.scores("r") == {a: pytest.approx(2.0)}


async def test_events_before_the_window_count_where_one_is_inside(world: World) -> None:
    """Half-life 24 h, window 24 h. a: 8 views 24 h ago (just outside) and 1 now: 8/2 + 1 = 5.
    b: only the 8 views 24 h ago: left out. c: 8 views a second later: 8 · 2^(-86399/86400)."""
    a, b, c = [await world.item(name) for name in "abc"]
    await world.ranking("r", window="24h", half_life="24 hours")
    for item in (a, b):
        await world.happened(item, count=8, ago=24 * HOUR)
    await world.happened(c, count=8, ago=24 * HOUR - timedelta(seconds=1))
    await world.happened(a)

    await world.run()

    assert await world.scores("r") == {
        a: pytest.approx(5.0),
        c: pytest.approx(8 * 2 ** (-86_399 / 86_400)),
    }


async def test_a_late_event_counts_with_the_age_it_has(world: World) -> None:
    """Half-life 1 h. A view now, scored; then one that is 3 h late: 1 + 1/8."""
    a = await world.item("a")
    await world.ranking("r", half_life="1 hour")
    await world.happened(a)
    await world.run()

    await world.happened(a, ago=3 * HOUR)
    await world.run(forced=True)

    assert await world.scores("r") == {a: pytest.approx(1.125)}


async def test_an_unlike_takes_its_like_back_whenever_it_comes(world: World) -> None:
    """Like 4 h ago and a view now; the unlike of the same moment arrives an hour and a run later,
    and leaves the view alone: 2^-1 + 2^-6."""
    a = await world.item("a")
    await world.ranking("r", half_life="1 hour", recent_half_life="10 minutes")
    await world.happened(a, "like", ago=4 * HOUR)
    await world.happened(a)
    await world.run(AS_OF)
    # 1/16 of 5 points; nearly nothing (2^-24) by the recent term; and the view, twice.
    assert await world.scores("r") == {a: pytest.approx(5 / 16 + 5 * 2**-24 + 2)}
    await world.run(AS_OF + timedelta(minutes=1))

    await world.happened(a, "unlike", ago=4 * HOUR)
    await world.run(AS_OF + HOUR)

    assert await world.scores("r") == {a: pytest.approx(0.5 + 1 / 64)}


async def test_ties_go_to_the_item_that_was_first(world: World) -> None:
    """Four items with one view each, registered and viewed in different orders."""
    items = [await world.item(name) for name in "dbca"]
    await world.ranking("r", half_life="1 hour", recent_half_life="10 minutes")
    for item in reversed(items):
        await world.happened(item)

    await world.run()

    assert list(await world.scores("r")) == items


async def test_what_has_no_positive_score_is_left_out(world: World) -> None:
    """An unlike without its like: -5 points."""
    a = await world.item("a")
    await world.ranking("r", half_life="1 hour")
    await world.happened(a, "unlike")

    await world.run()

    assert await world.scores("r") == {}


async def test_sums_fade_to_nothing_without_an_underflow(world: World) -> None:
    """A like, idle for half a week, is 2^-1008 by a half-life of 5 minutes; that times what fades
    in the next hours is less than a double can hold, which PostgreSQL raises as an error."""
    a = await world.item("a")
    await world.ranking("r", window="1h", half_life="20 minutes", recent_half_life="5 minutes")
    await world.happened(a, "like")
    await world.run()
    for days in (3.5, 4.5, 20, 40, 80):
        await world.happened(a, "view", ago=-days * DAY)
        await world.run(AS_OF + days * DAY)
        assert await world.scores("r") == {a: pytest.approx(2.0)}


async def test_a_clock_that_runs_ahead_wins_nothing(world: World) -> None:
    """occurred_at half an hour after received_at: counts as of when it was received."""
    a = await world.item("a")
    await world.ranking("r", window="24h", half_life="1 hour")
    await world.insert(
        [
            Event(
                item=a,
                type="view",
                occurred_at=AS_OF + timedelta(minutes=30),
                received_at=AS_OF - HOUR,
            )
        ]
    )

    await world.run()

    assert await world.scores("r") == {a: pytest.approx(0.5)}
