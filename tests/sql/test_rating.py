"""rating: the Bayesian average of the catalogue's rating, or the Wilson bound where it has none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.sql import oracle_scores
from tests.sql.comparing import assert_places
from tests.sql.oracle import Key
from tests.sql.world import AS_OF, World

Attributes = Mapping[str, object]
DAILY = ["hot_anime", "hot_movie", "hot_tv", "score_anime", "score_movie", "score_tv", "top_100"]


async def scored(world: World, *rated: Attributes, **options: object) -> dict[Key, float]:
    """Scores of films with these attributes, which nobody ever saw."""
    await world.ranking("r", formula="rating", window="all", options=options)
    for number, attributes in enumerate(rated):
        await world.item(str(number), content_type="movie", attributes=attributes)
    await world.run()
    return await world.scores("r")


def of(rating: object, count: object = None) -> Attributes:
    return {"rating": rating} | ({} if count is None else {"ratingCount": count})


async def test_few_ratings_are_drawn_towards_the_mean(world: World) -> None:
    """The mean of 9, 8 and 4 is 7. Fifty ratings weigh as much as it: (9 + 7) / 2 = 8.
    450: (450·8 + 50·7) / 500 = 7.9. None yet is nobody's. One: (4 + 50·7) / 51 = 6.941."""
    found = await scored(world, of(9, 50), of(8, 450), of(4, 1))
    assert found == {
        1: pytest.approx(0.8), 2: pytest.approx(0.79), 3: pytest.approx(354 / 510),
    }  # fmt: skip
    assert list(found) == [1, 2, 3]
    assert await world.components("r") == {
        1: [0.9, 50, pytest.approx(0.7), 0, 0],
        2: [0.8, 450, pytest.approx(0.7), 0, 0],
        3: [0.4, 1, pytest.approx(0.7), 0, 0],
    }


async def test_the_scale_and_the_strength_are_options(world: World) -> None:
    """Of five stars, 4 is 0.8; without strength it is the plain rating."""
    found = await scored(world, of(4, 3), of(2.5, 1), scale=5, strength=0)
    assert found == {1: pytest.approx(0.8), 2: pytest.approx(0.5)}


async def test_a_missing_count_is_one_rating(world: World) -> None:
    """Mean (8 + 6) / 2 = 7; (8 + 50·7) / 51 and (6 + 50·7) / 51: in the order of the ratings."""
    found = await scored(world, of(6), of(8))
    assert found == {2: pytest.approx(358 / 510), 1: pytest.approx(356 / 510)}
    assert list(found) == [2, 1]


async def test_without_a_rating_it_is_the_share_of_viewers_who_like_it(world: World) -> None:
    """As in test_wilson: 1 of 1 is 1 / 4.8416, less 1. A rated one leads, however bad its mark; and
    is not asked how it is liked."""
    await world.ranking("r", formula="rating", window="all")
    liked = await world.item("liked")
    rated = await world.item("rated", attributes=of(1, 7))
    await world.item("idle")
    for item in (liked, rated):
        await world.happened(item, "view")
        await world.happened(item, "like")
    await world.run()
    assert await world.scores("r") == {
        rated: pytest.approx(0.1), liked: pytest.approx(1 / 4.8416 - 1),
    }  # fmt: skip
    assert await world.components("r") == {
        rated: [0.1, 7, pytest.approx(0.1), 0, 0],
        liked: [0, 0, 0, 1, 1],
    }


async def test_the_mean_is_that_of_the_content_type(world: World) -> None:
    """Films 8 and 6, mean 7: (8·50 + 7·50) / 100. Anime 9, its own mean."""
    await world.ranking("r", formula="rating", window="all")
    for name, type_, rating in (("a", "movie", 8), ("b", "movie", 6), ("c", "anime", 9)):
        await world.item(name, content_type=type_, attributes=of(rating, 50))
    await world.run()
    expected = {3: pytest.approx(0.9), 1: pytest.approx(0.75), 2: pytest.approx(0.65)}
    assert await world.scores("r") == expected
    await world.execute("update core.ranking set content_type = 'movie'")
    await world.run(AS_OF + timedelta(minutes=1))
    assert await world.scores("r") == {1: expected[1], 2: expected[2]}


BAD = [
    of("8.1"), of("NaN"), of(None), of(True), of([8]), of({}), of(-0.1), of(10.001), of(1e300),
    of(8, 0), of(8, 0.0), {"ratingCount": 5}, {"Rating": 5},
]  # fmt: skip
ODD_COUNTS = [of(8, "many"), of(8, -1), of(8, 1e13), of(8, [1]), of(8, True), of(8, {})]


@pytest.mark.parametrize("attributes", BAD, ids=str)
async def test_what_is_no_rating_is_none(world: World, attributes: Attributes) -> None:
    assert await scored(world, attributes, of(5, 1)) == {2: pytest.approx(0.5)}


async def test_what_is_no_count_is_one_rating(world: World) -> None:
    found = await scored(world, *ODD_COUNTS, of(8, 1), of(0, 1))
    assert len({found[key] for key in range(1, len(ODD_COUNTS) + 2)}) == 1


async def test_numbers_beyond_all_measure_fail_nothing(world: World) -> None:
    """JSON knows no largest number, and no smallest; a float does."""
    await world.ranking("r", formula="rating", window="all")
    for name, text in (
        ("a", '{"rating": 1e400}'),
        ("b", '{"rating": -1e400}'),
        ("c", '{"rating": 1e-400, "ratingCount": 1e400}'),
        ("d", '{"rating": 10, "ratingCount": 1e-400}'),
    ):
        await world.item(name)
        await world.execute(
            "update core.item set attributes = %s::jsonb where external_id = %s", text, name
        )
    await world.run()
    assert await world.scores("r") == {4: pytest.approx(0.5), 3: pytest.approx(25 / 51)}


async def test_nothing_and_all_alike_are_no_error(world: World) -> None:
    assert await scored(world) == {}
    for name in "abc":
        await world.item(name, attributes=of(6, 10))
    await world.run(AS_OF + timedelta(minutes=1))
    assert [(rank, item) for rank, item, _ in await world.places("r")] == [(1, 1), (2, 2), (3, 3)]
    assert list((await world.scores("r")).values()) == [pytest.approx(0.6)] * 3


short = examples(10)
ratings = st.integers(0, 100).map(lambda tenths: tenths / 10)
rated = st.fixed_dictionaries(
    {"rating": ratings}, optional={"ratingCount": st.integers(1, 5_000_000)}
)
anything = rated | st.sampled_from([{}, *BAD, *ODD_COUNTS])
films = st.lists(st.tuples(st.sampled_from(["movie", "tv"]), anything), max_size=8)


async def ranked(
    world: World, catalogue: list[tuple[str, Attributes]], **options: float
) -> list[tuple[int, Key, float]]:
    """Make a world of these items, every other one with likes and views; return its places."""
    if not await world.settings("r"):
        await world.ranking("r", formula="rating", window="all")
    await world.forget()
    await world.connection.execute(
        "update core.ranking set options = (select coalesce(jsonb_object_agg(key, value), '{}') "
        "from jsonb_each(%s::jsonb))",
        [oracle_json(options)],
    )
    for number, (content_type, attributes) in enumerate(catalogue):
        item = await world.item(str(number), content_type=content_type, attributes=attributes)
        if number % 2:
            await world.happened(item, "view", 10 * number)
            await world.happened(item, "like", 3 * number)
    await world.run()
    return await world.places("r")


def oracle_json(options: Mapping[str, float]) -> str:
    return "{" + ", ".join(f'"{name}": {value}' for name, value in options.items()) + "}"


@short
@given(
    catalogue=films,
    strength=st.sampled_from([0, 1, 50, 25_000]),
    scale=st.sampled_from([1, 5, 10, 100]),
)
async def test_it_equals_a_recount(
    world: World, catalogue: list[tuple[str, Attributes]], strength: float, scale: float
) -> None:
    places = await ranked(world, catalogue, strength=strength, scale=scale)
    (ranking,) = await world.settings("r")
    expected = oracle_scores.World(world.items, world.events, AS_OF).scores(ranking)
    assert_places(places, expected, size=1_000, doubtful={})
    assert all(-1 <= score <= 1 for _, _, score in places)
    marks = [score >= 0 for _, _, score in places]
    assert marks == sorted(marks, reverse=True), "the rated ones lead"


@short
@given(
    others=st.lists(st.tuples(st.just("movie"), rated), min_size=1, max_size=5),
    values=st.tuples(ratings, ratings).map(sorted),
    counts=st.tuples(st.integers(1, 1_000), st.integers(1, 1_000_000)).map(sorted),
)
async def test_better_is_better_and_more_ratings_tell_more(
    world: World, others: list[tuple[str, Attributes]], values: list[float], counts: list[int]
) -> None:
    """A higher rating by as many never scores lower. The more who gave it, the further from the
    mean: up above it, down below it, and never beyond the rating itself."""
    (low, high), (few, many) = values, counts
    three = [("movie", of(low, few)), ("movie", of(high, few)), ("movie", of(high, many))]
    places = await ranked(world, [*three, *others])
    mean = (await world.components("r"))[1][2]
    found = {key: score for _, key, score in places}
    worse, better, surer = found[1], found[2], found[3]
    assert better >= worse - 1e-12
    assert math.copysign(1, high / 10 - mean) * (surer - better) >= -1e-12
    assert min(high / 10, mean) - 1e-12 <= surer <= max(high / 10, mean) + 1e-12


async def test_the_explanation_of_a_score_names_its_parts(world: World) -> None:
    await scored(world, of(9, 50), of(5, 50))
    rows = await world.rows(
        "select component, value, score from api.explain_score('r', 'movie', '0', %s)", [AS_OF]
    )
    assert rows == [
        ("rating", 0.9, pytest.approx(0.8)),
        ("ratings", 50, pytest.approx(0.8)),
        ("mean", 0.7, pytest.approx(0.8)),
        ("likes", 0, pytest.approx(0.8)),
        ("views", 0, pytest.approx(0.8)),
    ]


async def test_the_seven_daily_rankings(world: World) -> None:
    """Hot and score lists of three types, each among its own; 90 of all three; `hot` as it is."""
    await world.only("hot", *DAILY)
    for type_ in ("movie", "tv", "anime", "video"):
        for number in range(30):
            item = await world.item(
                f"{type_}{number}", content_type=type_, attributes=of(number / 3, 20 + number)
            )
            await world.happened(item, "view", 1 + number * (100 if type_ == "tv" else 1))
    await world.run()

    types = {item.item_id: item.content_type for item in world.items}
    for name in DAILY[:-1]:
        kind = name.partition("_")[2]
        found = await world.scores(name)
        assert [types[int(key)] for key in found] == [kind] * 30, name
        # The most viewed and latest of its own type has all but the shares of a hot score.
        if name.startswith("hot"):
            assert next(iter(found.values())) == pytest.approx(0.75)
    found = await world.scores("top_100")
    assert {types[int(key)] for key in found} == {"movie", "tv", "anime"}
    assert len(found) == 90
    hot = await world.scores("hot")
    stored = dict(await world.rows("select item_id, hot_score from core.item_hot"))
    assert len(stored) == 120
    assert stored == pytest.approx(hot)
    assert await world.rows(
        "select distinct schedule, zone, redis_ttl from core.ranking where name <> 'hot'"
    ) == [("0 2 * * *", "UTC", timedelta(hours=24))]


async def test_they_are_computed_once_a_day_and_replaced_as_a_whole(world: World) -> None:
    await world.only("score_movie")
    await world.execute("update core.ranking set zone = 'Europe/Berlin'")
    old = await world.item("old", content_type="movie", attributes=of(9, 100))
    two = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
    held = []
    for at in (two - timedelta(hours=2), two - timedelta(minutes=1), two, two + timedelta(hours=9)):
        await world.run(at)
        held.append((await world.places("score_movie"))[0][1])
        await world.execute("update core.item set attributes = '{}'")
        await world.item(f"of {at}", content_type="movie", attributes=of(5, 1))
    assert held == [old, old, 3, 3]
    runs = await world.rows("select as_of from core.ranking_run order by as_of")
    assert [at for (at,) in runs] == [two - timedelta(hours=2), two]
