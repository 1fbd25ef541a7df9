"""reddit_hot: sign(points)·log10(max(|points|, 1)) + seconds from 2005-12-08 07:46:43 / 45000."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql.oracle import REDDIT_EPOCH
from tests.sql.world import AS_OF, World

STEP = timedelta(seconds=45_000)


async def ranking(world: World, **columns: object) -> None:
    """A like is one point here, and nothing else is any."""
    await world.ranking(
        "r",
        formula="reddit_hot",
        view_weight=0,
        like_weight=1,
        comment_weight=0,
        share_weight=0,
        watch_minute_weight=0,
        **columns,
    )


async def test_magnitude_and_age(world: World) -> None:
    """Born one, two and three steps of 45,000 s after the epoch: with 1000 likes 3 + 1, with a view
    and 100 unlikes 0 + 2, with a view 0 + 3."""
    a, b, c = [
        await world.item(name, published_at=REDDIT_EPOCH + steps * STEP)
        for steps, name in ((1, "a"), (2, "b"), (3, "c"))
    ]
    await ranking(world)
    await world.happened(a, "like", 1000)
    await world.happened(b, "view")
    await world.happened(b, "unlike", 100)
    await world.happened(c, "view")

    await world.run()

    assert await world.scores("r") == {
        a: pytest.approx(4),
        c: pytest.approx(3),
        b: pytest.approx(2),
    }
    assert await world.components("r") == {
        a: pytest.approx([3, 1]),
        c: pytest.approx([0, 3]),
        b: pytest.approx([0, 2]),
    }


async def test_points_are_those_of_the_lifetime(world: World) -> None:
    """9 likes of a year ago and one of now are 10; an item without one of now is left out."""
    a, b = [await world.item(name, published_at=REDDIT_EPOCH) for name in "ab"]
    await ranking(world)
    for item in (a, b):
        await world.happened(item, "like", 9, ago=timedelta(days=365))
    await world.happened(a, "like")

    await world.run()

    assert await world.scores("r") == {a: pytest.approx(1)}


async def test_ten_times_the_likes_are_worth_a_step_of_youth(world: World) -> None:
    """100 likes, 12.5 hours older than 10 likes: equal but for the last bit."""
    a = await world.item("a", published_at=AS_OF - STEP)
    b = await world.item("b", published_at=AS_OF)
    await ranking(world)
    await world.happened(a, "like", 100)
    await world.happened(b, "like", 10)

    await world.run()

    scores = await world.scores("r")
    assert scores[a] == pytest.approx(scores[b], rel=1e-12)


async def test_the_step_is_an_option(world: World) -> None:
    """9000 s: born five steps of 9000 s after the epoch. 0: the age counts nothing."""
    a = await world.item("a", published_at=REDDIT_EPOCH + STEP)
    await ranking(world, options={"seconds": 9000})
    await world.happened(a, "like", 10)

    await world.run()
    assert await world.scores("r") == {a: pytest.approx(1 + 5)}

    await world.execute("""update core.ranking set options = '{"seconds": 0}'""")
    await world.run(AS_OF + timedelta(minutes=1))
    assert await world.scores("r") == {a: pytest.approx(1)}


async def test_birth_is_the_publication_or_the_first_event_if_that_is_earlier(
    world: World,
) -> None:
    """10 views each, at four steps. Published at three or at ten: born at three, or at four."""
    early, late = [
        await world.item(str(steps), published_at=REDDIT_EPOCH + steps * STEP) for steps in (3, 10)
    ]
    await ranking(world)
    for item in (early, late):
        await world.happened(item, "view", 10, ago=AS_OF - REDDIT_EPOCH - 4 * STEP)
        await world.happened(item, "share")

    await world.run()

    born = {item: score[1] for item, score in (await world.components("r")).items()}
    assert born == {early: pytest.approx(3), late: pytest.approx(4)}
