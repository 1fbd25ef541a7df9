"""gravity: max(points - 1, 0)^0.8 / (age in hours + 2)^1.8."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql.world import AS_OF, World

HOUR = timedelta(hours=1)


async def test_points_against_age(world: World) -> None:
    """a: 33 views, 2 h old: 32^0.8 / 4^1.8 = 16 / 2^3.6. b: 2 views, just born: 1 / 2^1.8.
    c: one view: (1 - 1)^0.8 = 0; d: fewer points than that are 0 as well."""
    a = await world.item("a", published_at=AS_OF - 2 * HOUR)
    b, c, d = [await world.item(name, published_at=AS_OF) for name in "bcd"]
    await world.ranking("r", formula="gravity")
    await world.happened(a, "view", 33)
    await world.happened(b, "view", 2)
    await world.happened(c, "view", 1)
    await world.happened(d, "watch_time", 1, seconds=60)
    await world.happened(d, "unlike", 5)

    await world.run()

    assert await world.scores("r") == {
        a: pytest.approx(16 / 2**3.6),
        b: pytest.approx(1 / 2**1.8),
        c: 0,
        d: 0,
    }
    assert (await world.components("r"))[a] == pytest.approx([33, 2])


async def test_weights_make_the_points(world: World) -> None:
    """1 view, 1 like, 1 comment, 1 share, 10 minutes: 1 + 5 + 3 + 4 + 1 = 14; 13^0.8 / 2^1.8."""
    a = await world.item("a", published_at=AS_OF)
    await world.ranking("r", formula="gravity")
    for type_ in ("view", "like", "comment", "share"):
        await world.happened(a, type_)
    await world.happened(a, "watch_time", 20, seconds=30)

    await world.run()

    assert await world.scores("r") == {a: pytest.approx(13**0.8 / 2**1.8)}


async def test_options_change_the_exponents(world: World) -> None:
    """(5 - 1)^0.5 / (3 + 1)^1 = 2 / 4."""
    a = await world.item("a", published_at=AS_OF - 3 * HOUR)
    await world.ranking(
        "r",
        formula="gravity",
        options={"pointsExponent": 0.5, "ageExponent": 1, "ageOffset": 1},
    )
    await world.happened(a, "view", 5)

    await world.run()

    assert await world.scores("r") == {a: pytest.approx(0.5)}


async def test_an_item_of_tomorrow_is_as_if_born_now(world: World) -> None:
    """Age 0, not less: 1 / 2^1.8."""
    a = await world.item("a", published_at=AS_OF + timedelta(days=1))
    await world.ranking("r", formula="gravity")
    await world.happened(a, "view", 2)

    await world.run()

    assert await world.scores("r") == {a: pytest.approx(1 / 2**1.8)}
