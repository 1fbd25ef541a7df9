"""Rankings are rows: one statement makes, retunes or stops one, live at the next run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql import oracle_scores
from tests.sql.comparing import all_ranked, assert_places
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


async def populate(world: World) -> tuple[int, int, int]:
    """a: liked 5 h ago; b: viewed just now; c: a book, viewed and liked 2 h ago."""
    a, b = [await world.item(name, category="ape") for name in "ab"]
    c = await world.item("c", content_type="book", category="bee")
    await world.happened(a, "like", 4, ago=5 * HOUR)
    await world.happened(b, "view", 6)
    await world.happened(c, "view", 3, ago=2 * HOUR)
    await world.happened(c, "like", 2, ago=2 * HOUR)
    return a, b, c


async def assert_recount(world: World, name: str) -> None:
    """The newest snapshot equals a recount under the settings in force."""
    (ranking,) = await world.settings(name)
    as_of = await world.value("select as_of from api.latest_run where ranking = %s", name)
    expected = oracle_scores.World(world.items, world.events, as_of).segments(ranking)
    for segment, scores in expected.items():
        places = await world.places(name, segment)
        assert_places(places, scores, size=ranking.size, doubtful={})
        assert places


async def test_one_insert_makes_a_ranking(world: World) -> None:
    await populate(world)
    await world.only("hot")
    await world.run()

    await world.execute(
        "insert into core.ranking (name, half_life, schedule) "
        "values ('new', '3 hours', '0 0 1 1 *')"
    )
    await world.run(AS_OF + MINUTE)

    await assert_recount(world, "new")


@pytest.mark.parametrize(
    "change",
    [
        "half_life = '30 minutes', recent_half_life = null",
        "recent_half_life = null",
        "recent_half_life = '3 hours'",
        "half_life = null",
        "like_weight = 0",
        "view_weight = 100, like_weight = 0.5",
        "content_type = 'book'",
        "content_type = 'film'",
        "segments = '{category,creator}'",
        "size = 1",
        "\"window\" = '1h'",
        "formula = 'gravity', half_life = null, recent_half_life = null",
        "formula = 'wilson', half_life = null, recent_half_life = null, options = '{\"z\": 1}'",
    ],
)
async def test_one_update_retunes_a_ranking(world: World, change: str) -> None:
    """At the very next run, though its schedule is only due next year."""
    await populate(world)
    await world.ranking("r", half_life="8 hours", recent_half_life="2 hours", schedule="0 0 1 1 *")
    await world.run()
    await assert_recount(world, "r")

    await world.execute("update core.ranking set " + change)  # noqa: S608
    await world.happened(1, "view", 2, ago=-MINUTE)
    await world.run(AS_OF + 2 * MINUTE)

    if "film" in change:
        assert await world.places("r") == []
    else:
        await assert_recount(world, "r")
    places = [place[1:] for place in (await world.ranked("r", AS_OF + 2 * MINUTE)).get("", [])]
    assert places == [place[1:] for place in await world.places("r")]


async def test_a_change_that_is_taken_back_is_live_at_once_too(world: World) -> None:
    await populate(world)
    await world.ranking("r", half_life="8 hours", schedule="0 0 1 1 *")
    held = []
    for minutes, half_life in enumerate(("8 hours", "1 hour", "8 hours")):
        await world.execute("update core.ranking set half_life = %s", half_life)
        await world.run(AS_OF + minutes * MINUTE)
        held.append(await world.value("select as_of from api.latest_run"))
        await assert_recount(world, "r")
    assert held == [AS_OF, AS_OF + MINUTE, AS_OF + 2 * MINUTE]


async def test_a_retuned_ranking_goes_on_by_what_is_new(world: World) -> None:
    """After the recount that new half-lives need, events are added again as they come."""
    await populate(world)
    await world.ranking("r", half_life="8 hours", recent_half_life="2 hours")
    await world.run()
    await world.execute("update core.ranking set half_life = '1 hour', recent_half_life = null")
    for minutes in (1, 2, 3):
        await world.happened(minutes, "like", minutes, ago=-minutes * MINUTE)
        await world.run(AS_OF + minutes * MINUTE)
        await assert_recount(world, "r")


async def test_default_weights_are_those_of_the_table(world: World) -> None:
    """A like of 50 points by default; a ranking with its own weight keeps it."""
    a, b, _ = await populate(world)
    await world.ranking("r", half_life="8 hours", schedule="0 0 1 1 *")
    await world.execute("insert into core.ranking (name, like_weight) values ('own', 1)")
    await world.run()
    await world.execute("update core.default_weight set weight = 50 where metric = 'like'")

    await world.run(AS_OF + MINUTE)

    (first, *_) = await world.places("r")
    assert first[1] == a
    assert first[2] == pytest.approx(4 * 50 * 2 ** (-301 / 480))
    assert (await world.places("own"))[0][1] == b


async def test_switched_off_and_on_again(world: World) -> None:
    """What was switched off keeps its last snapshot and shows nothing; on again, it is recounted
    and has missed no event."""
    a, *_ = await populate(world)
    await world.ranking("r", half_life="8 hours", recent_half_life="2 hours")
    await world.run()
    runs = await world.rows("select run_id, print from core.ranking_run")

    await world.execute("update core.ranking set enabled = false")
    await world.happened(a, "view", 100, ago=-MINUTE)
    await world.run(AS_OF + 2 * MINUTE)

    assert await world.rows("select run_id, print from core.ranking_run") == runs
    assert await world.rows("select * from api.latest_run") == []
    assert await world.value("select count(*) from core.ranking_score") == 0

    await world.execute("update core.ranking set enabled = true")
    await world.run(AS_OF + 3 * MINUTE)
    await assert_recount(world, "r")


async def test_a_deleted_ranking_leaves_nothing_behind(world: World) -> None:
    await populate(world)
    await world.only("trending_24h")
    await world.run()

    await world.only()
    await world.run(AS_OF + MINUTE)

    for table in ("ranking_run", "ranking_snapshot", "ranking_score", "ranking_state"):
        assert await world.value(f"select count(*) from core.{table}") == 0  # noqa: S608


async def test_segments_are_ranked_by_themselves(world: World) -> None:
    """Points now: a: 20 of 5 h ago, b: 6, c: 13 of 2 h ago; half-life 100 days."""
    a, b, c = await populate(world)
    await world.ranking("r", half_life="100 days", segments=["category", "content_type"])

    await world.run()

    assert [list(await world.scores("r", segment)) for segment in (
        "", "category:ape", "category:bee", "content_type:video", "content_type:book", "creator:x",
    )] == [[a, c, b], [a, b], [c], [a, b], [c], []]  # fmt: skip


async def test_lists_end_at_their_sizes(world: World) -> None:
    a, _, c = await populate(world)
    await world.ranking("r", half_life="100 days", size=2, segment_size=1, segments=["category"])

    await world.run()

    assert list(await world.scores("r")) == [a, c]
    assert list(await world.scores("r", "category:ape")) == [a]


async def test_a_schedule_is_followed(world: World) -> None:
    """Hourly at the full hour: run as of 12:00, not of 12:59, but of 13:00."""
    await world.ranking("r", schedule="0 * * * *", half_life="8 hours")
    a, *_ = await populate(world)
    await world.run()
    held = []
    for minutes in (1, 59, 60, 61):
        await world.happened(a, "view", 100, ago=-minutes * MINUTE)
        await world.run(AS_OF + minutes * MINUTE)
        held.append(await world.value("select as_of from api.latest_run"))
    assert held == [AS_OF, AS_OF, AS_OF + HOUR, AS_OF + HOUR]


async def test_the_rankings_that_come_with_it_all_run(world: World) -> None:
    await populate(world)

    await world.run()

    assert set(await all_ranked(world, AS_OF)) <= {r.name for r in await world.settings()}
    names = [name for (name,) in await world.rows("select ranking from api.latest_run")]
    assert sorted(names) == sorted(
        [
            *("trending_1h", "trending_24h", "trending_7d", "trending_30d", "trending_all"),
            *("hot", "breakout", "breakout_categories", "best_rated"),
            *("top_viewed", "top_liked", "top_commented", "top_creators"),
            *("hot_movie", "hot_tv", "hot_anime", "score_movie", "score_tv", "score_anime"),
            "top_100",
            *(
                f"top_{what}_{window}"
                for what in ("viewed", "liked", "commented", "creators")
                for window in ("today", "week", "month")
            ),
        ]
    )
