"""Holding what the database computed to the oracle's recount."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.sql import oracle, oracle_scores
from tests.sql.oracle import Counts, Key, Ranking, Score
from tests.sql.world import World

RELATIVE = 1e-9
"""Scores may differ by this share of their value..."""

OF_GROSS = 1e-12
"""...and by this share of what went into them, where most of it cancelled out."""

Places = Sequence[tuple[int, Key, float]]


async def assert_recounted(
    world: World, as_of: datetime, *, excluded: Collection[int] = ()
) -> None:
    """Hold windows, rankings, snapshots, badges and stats to a recount of all events so far.

    Rankings and badges are as if the `excluded` items had never been.
    """
    recount = oracle_scores.World(
        [item for item in world.items if item.item_id not in excluded],
        [event for event in world.events if event.item not in excluded],
        as_of,
        labels=world.labels,
    )
    found = await world.windows()
    for window in (*oracle.WINDOWS, *oracle.CALENDAR):
        expected = oracle.window_counts(world.events, window, as_of)
        assert found.get(window, {}) == expected, window

    computed = await all_ranked(world, as_of)
    for ranking in await world.settings():
        lists = computed.get(ranking.name, {})
        expected_lists = recount.segments(ranking)
        for segment in {"", *lists, *expected_lists}:
            assert_places(
                lists.get(segment, []),
                expected_lists.get(segment, {}),
                size=ranking.segment_size if segment else ranking.size,
                doubtful=doubtful(recount, ranking),
            )
        await assert_snapshot(world, ranking, as_of, lists)
    await assert_hot(world, recount)
    await assert_stats(world, as_of)


def doubtful(recount: oracle_scores.World, ranking: Ranking) -> Mapping[Key, Score]:
    """Items whose score is float error around zero: they may be listed or not."""
    if ranking.formula != "weighted_decay":
        return {}
    scores = recount.decayed(ranking)
    return {key: s for key, s in scores.items() if abs(s.value) <= OF_GROSS * s.gross}


def assert_places(
    places: Places, expected: Mapping[Key, Score], *, size: int, doubtful: Mapping[Key, Score]
) -> None:
    """Hold one list to the scores it should be the head of."""
    assert [rank for rank, _, _ in places] == list(range(1, len(places) + 1))
    for (_, better, high), (_, worse, low) in pairwise(places):
        assert (-high, better) < (-low, worse), "out of order, or a tie broken the wrong way"

    listed = {key: score for _, key, score in places}
    for key, listed_score in listed.items():
        wanted = expected.get(key) or doubtful.get(key)
        assert wanted is not None, f"{key} does not belong here"
        tolerance = RELATIVE * abs(wanted.value) + OF_GROSS * wanted.gross
        assert abs(listed_score - wanted.value) <= tolerance, (
            f"{key}: {listed_score!r}, not {wanted.value!r}"
        )

    missing = {key: expected[key] for key in expected.keys() - listed.keys() - doubtful.keys()}
    if len(places) < size:
        assert not missing
    else:
        assert len(places) == size
        for key, score in missing.items():
            assert score.value <= places[-1][2] * (1 + RELATIVE), f"{key} should have been listed"


async def all_ranked(world: World, as_of: datetime) -> dict[str, dict[str, list[Any]]]:
    """Compute every enabled ranking now: its lists by name and segment."""
    found: dict[str, dict[str, list[Any]]] = {}
    for name, segment, rank, item_id, subject, score in await world.rows(
        """
        select r.name, place.segment, place.rank, place.item_id, place.subject, place.score
        from core.ranking as r
        cross join lateral api.ranked(r, %s) as place
        where r.enabled
        order by r.name, place.segment, place.rank
        """,
        [as_of],
    ):
        key = subject if item_id is None else item_id
        found.setdefault(name, {}).setdefault(segment, []).append((rank, key, score))
    return found


async def assert_snapshot(
    world: World, ranking: Ranking, as_of: datetime, lists: Mapping[str, Places]
) -> None:
    """The newest snapshot holds this order, and the counts of the window; if new, these scores.

    Where it was confirmed, its scores are those of its own as_of and of the events known by then.
    """
    rows = await world.rows(
        """
        select
            run.run_id, run.confirmed_at, snapshot.segment,
            place.rank, place.item_id, place.subject, place.score,
            place.views, place.likes, place.comments, place.shares
        from api.latest_run as run
        inner join core.ranking_snapshot as snapshot on run.run_id = snapshot.run_id
        left join api.stored_place as place
            on snapshot.run_id = place.run_id and snapshot.segment = place.segment
        where run.ranking = %s
        order by snapshot.segment, place.rank
        """,
        [ranking.name],
    )
    assert rows, ranking.name
    inside = oracle.window_counts(world.events, ranking.window, as_of)
    stored: dict[str, list[Any]] = {}
    is_new = rows[0][0] not in world.runs
    world.runs.add(rows[0][0])
    for _, confirmed_at, segment, rank, item_id, subject, score, *sums in rows:
        assert confirmed_at == as_of
        if rank is not None:
            key = subject if item_id is None else item_id
            stored.setdefault(segment, []).append((rank, key, score if is_new else None))
            if item_id is not None:
                assert tuple(sums) == inside.get(item_id, Counts()).shown()[:4]
    expected = {
        segment: [(rank, key, score if is_new else None) for rank, key, score in places]
        for segment, places in lists.items()
    }
    assert stored == expected, f"{ranking.name}: {stored}, not {expected}"


async def assert_hot(world: World, recount: oracle_scores.World) -> None:
    """Every active item has its hot rank and badge."""
    for ranking in await world.settings():
        if ranking.name == "hot":
            scores = recount.scores(ranking)
            places = [
                (rank, item_id, score)
                for item_id, score, rank in await world.rows(
                    "select item_id, hot_score, hot_rank from core.item_hot order by hot_rank"
                )
            ]
            assert_places(places, scores, size=len(scores), doubtful={})
            badges = await world.rows("select is_hot from core.item_hot order by hot_rank")
            expected = sorted(hot for _, hot in recount.hot(ranking).values())
            assert [hot for (hot,) in badges] == expected[::-1]


async def assert_stats(world: World, as_of: datetime, zone: str = "UTC") -> None:
    """Every window of every item; the moving ones as the last run has put them."""
    rows = await world.rows(
        """
        select stats.item_id, stats."window", stats.since, stats.zone,
            stats.views, stats.likes, stats.comments, stats.shares, stats.watch_seconds
        from (
            select array_agg(content_type) as types, array_agg(external_id) as names from core.item
        ) as known
        cross join lateral api.stats_of_items(known.types, known.names, %s) as stats
        """,
        [as_of],
    )
    windows = (*oracle.WINDOWS, *oracle.CALENDAR)
    assert {row[:2] for row in rows} == {
        (item.item_id, window) for item in world.items for window in windows
    }
    moved = dict(
        await world.rows(
            """select "window", nullif(since, '-infinity') from core.window_position"""
        )
    )
    for item_id, window, since, counted_in, *numbers in rows:
        mine = [event for event in world.events if event.item == item_id and event.counted]
        begins = oracle.stats_since(window, as_of, ZoneInfo(zone))
        if window in oracle.WINDOWS and window != "all":
            begins = moved.get(window, begins)
        assert (since, counted_in) == (begins, zone), window
        expected = oracle.sum_of(e for e in mine if begins is None or e.at > begins)
        assert Counts(*numbers) == (expected.shown() if window == "all" else expected), window


async def assert_zone_stats(world: World, as_of: datetime, zone: str) -> None:
    """Today, this week and this month of every item in a zone."""
    rows = await world.rows(
        """
        select stats.item_id, stats."window",
            stats.views, stats.likes, stats.comments, stats.shares, stats.watch_seconds
        from (
            select array_agg(content_type) as types, array_agg(external_id) as names,
                array_agg(%s::timestamptz) as moments
            from core.item
        ) as known
        cross join lateral api.zone_stats(known.types, known.names, known.moments, %s) as stats
        """,
        [as_of, zone],
    )
    assert {row[:2] for row in rows} == {
        (item.item_id, window) for item in world.items for window in oracle.CALENDAR
    }
    for item_id, window, *numbers in rows:
        begins = oracle.stats_since(window, as_of, ZoneInfo(zone))
        assert begins is not None
        mine = (e for e in world.events if e.item == item_id and e.counted and e.at > begins)
        assert Counts(*numbers) == oracle.sum_of(mine), (window, zone)
