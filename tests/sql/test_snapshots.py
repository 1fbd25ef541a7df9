"""Snapshots are stored as what changed, and read as they were found, whatever is thinned."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
RUNS = 150
"""One a minute: two and a half hours, of which all is kept of two."""

FOUND = """
select place.segment, place.rank, place.item_id, place.subject, place.score, place.components
from core.ranking as r
cross join lateral api.ranked(r, %s) as place
where r.name = %s
order by place.segment, place.rank
"""
STORED = """
select segment, rank, item_id, subject, score, components
from api.ranking_entry
where run_id = %s
order by segment, rank
"""
WHOLE = """
select segment, rank, previous_rank, item_id, score, views, likes, comments, shares, components
from api.ranking_entry
where run_id = %s
order by segment, rank
"""
BESIDE = "select max(base_run_id) from core.ranking_snapshot where run_id = %s"
OWN = """
select coalesce(sum(cardinality(entries)), 0) from core.ranking_snapshot where run_id = %s
"""


async def newest(world: World, name: str) -> int:
    run_id = await world.value("select run_id from api.latest_run where ranking = %s", name)
    assert isinstance(run_id, int)
    return run_id


async def crowd(world: World) -> list[int]:
    """Forty items of four categories, each with some events of the hours before."""
    chance = random.Random(7)  # noqa: S311
    items = [await world.item(f"i{n}", category="abcd"[n % 4]) for n in range(40)]
    for item in items:
        for type_ in ("view", "like", "comment"):
            await world.happened(
                item, type_, chance.randint(1, 9), ago=chance.randint(1, 600) * MINUTE
            )
    return items


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("fading", {"half_life": "20 minutes", "recent_half_life": "5 minutes", "window": "24h"}),
        ("forever", {"recent_half_life": "1 hour", "window": "all", "like_weight": 0.3}),
        ("counted", {"formula": "top_count", "window": "1h", "options": {"metric": "views"}}),
        ("named", {"formula": "top_count", "window": "24h", "subject": "category"}),
    ],
)
async def test_what_a_run_found_is_read_back_to_the_last_bit(
    world: World, name: str, columns: dict[str, Any]
) -> None:
    """Minutes with an event or two; what is thinned takes nothing from what is kept."""
    chance = random.Random(8)  # noqa: S311
    items = await crowd(world)
    segments = [] if "subject" in columns else ["category"]
    await world.ranking(name, size=25, segment_size=8, segments=segments, **columns)
    kept: dict[int, tuple[datetime, list[tuple[Any, ...]]]] = {}
    for minute in range(0, RUNS, 10):
        as_of = AS_OF + minute * MINUTE
        await world.happened(chance.choice(items), "view", 3, ago=-minute * MINUTE)
        await world.run(as_of)
        run_id = await newest(world, name)
        if run_id not in kept:
            assert await world.rows(STORED, [run_id]) == await world.rows(FOUND, [as_of, name])
            kept[run_id] = (as_of, await world.rows(WHOLE, [run_id]))
    assert len(kept) > 10

    await world.execute("select api.thin_runs(%s)", AS_OF + (RUNS + 60) * MINUTE)

    left = [run_id for (run_id,) in await world.rows("select run_id from core.ranking_run")]
    assert 2 < len(left) < len(kept)
    for run_id in left:
        as_of, whole = kept[run_id]
        # Past its two hours it stands by itself, and has lost what scores are made of.
        is_old = as_of < AS_OF + (RUNS - 60) * MINUTE
        expected = [(*row[:-1], None) for row in whole] if is_old else whole
        assert await world.rows(WHOLE, [run_id]) == expected
        assert is_old == (await world.value(BESIDE, run_id) is None)
    for item in items if not columns.get("subject") else ():
        assert await world.rows(
            "select run_id, rank, score from api.item_ranks(%s, 'video', %s, %s) order by 1",
            [name, f"i{items.index(item)}", AS_OF],
        ) == [
            next(
                ((run_id, row[1], row[4]) for row in kept[run_id][1] if row[:4:3] == ("", item)),
                (run_id, None, None),
            )
            for run_id in sorted(left)
        ]


async def test_a_run_stores_what_changed(world: World) -> None:
    """One event among forty items: one entry in each list that holds its item; none where scores
    have faded and nothing else; all of it again where all has changed."""
    items = await crowd(world)
    await world.ranking("r", half_life="1 hour", window="all", segments=["category"])
    await world.run()
    first = await newest(world, "r")
    assert await world.value(OWN, first) == 0
    assert await world.value("select count(*) from core.ranking_base") == 5

    await world.happened(items[0], "view", 1000, ago=-MINUTE)
    await world.run(AS_OF + MINUTE)
    second = await newest(world, "r")
    assert second > first
    assert await world.value(OWN, second) == 2
    assert await world.value("select count(*) from core.ranking_base") == 5

    for item in items:
        await world.happened(item, "view", 5, ago=-2 * MINUTE)
    await world.run(AS_OF + 2 * MINUTE)
    assert await world.value(OWN, await newest(world, "r")) == 0
    assert await world.value("select count(*) from core.ranking_base") == 10

    await world.execute("delete from core.ranking_run where run_id < %s", second + 1)
    await world.execute("select api.thin_runs(%s)", AS_OF)
    assert await world.value("select count(*) from core.ranking_base") == 5


async def test_one_run_a_day_is_kept_of_what_is_older_than_three_days(world: World) -> None:
    """The last of each day of 90, the last of each hour of three days, and all of two hours."""
    await world.ranking("r", half_life="1 hour", window="all")
    await world.execute(
        """
        insert into core.ranking_run
            (ranking_id, as_of, confirmed_at, finished_at, parameters, print)
        select ranking_id, at, at, at, '{}', ''
        from core.ranking
        cross join generate_series(%s - interval '100 days', %s, interval '20 minutes') as at
        """,
        AS_OF,
        AS_OF,
    )

    await world.execute("select api.thin_runs(%s)", AS_OF)

    runs = await world.rows("select %s - as_of from core.ranking_run order by 1", [AS_OF])
    ages = [age for (age,) in runs]
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert len([age for age in ages if age <= 2 * hour]) == 7
    assert len([age for age in ages if 2 * hour < age <= 3 * day]) == 3 * 24 - 2
    assert len([age for age in ages if 3 * day < age]) == 87
    assert max(ages) <= 90 * day
