"""All that tells how often an item was viewed, liked, … today says the same at the same moment.

Stats, series, totals, breakdowns, top lists, rankings and the views of dashboards are read one
after the other, without anything between them, and held to each other and to a plain recount.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.profiles import examples
from tests.sql.oracle import Counts, Event, sum_of
from tests.sql.world import AS_OF, World

MIDNIGHT = AS_OF.replace(hour=0, minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)
METRICS = ("views", "likes", "comments", "shares", "watch_seconds")
WAYS = ("stats", "zone stats", "series", "totals", "breakdown", "categories")
By = dict[int, Counts]


@st.composite
def batches(draw: st.DrawFn) -> list[tuple[str, list[Event]]]:
    """Events of today and of days before, taken back and late ones; and what a job did then."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        events = []
        for _ in range(draw(st.integers(1, 7))):
            minutes = draw(st.sampled_from([0, 1, 14, 15, 59, 60, 700]) | st.integers(0, 3_000))
            type_ = draw(
                st.sampled_from(
                    ("view", "like", "unlike", "comment", "uncomment", "share", "watch_time")
                )
            )
            events.append(
                Event(
                    id=draw(st.uuids(version=4)),
                    item=draw(st.integers(1, 3)),
                    type=type_,
                    occurred_at=AS_OF - timedelta(minutes=minutes),
                    received_at=AS_OF,
                    count=draw(st.integers(1, 5)),
                    seconds=draw(st.integers(0, 9)) / 4 if type_ == "watch_time" else None,
                    counted=draw(st.sampled_from([True, True, True, False])),
                )
            )
        found.append((draw(st.sampled_from(["", "run", "refresh", "both"])), events))
    return found


@examples(12)
@given(history=batches())
async def test_all_answers_agree_at_the_same_moment(
    world: World, history: list[tuple[str, list[Event]]]
) -> None:
    await world.only("top_viewed")
    await world.forget()
    for level in ("1m", "15m", "1d"):
        await world.execute(f"truncate agg.engagement_{level}")  # ours
        await world.execute(f"truncate agg.site_{level}")  # ours
    for name, category in (("a", "Music"), ("b", "Music"), ("c", "News")):
        await world.item(name, category=category, creator=name)
    for then, events in history:
        await world.insert(events)
        await assert_agreed(world, await answers(world))
        if then in {"run", "both"}:
            await world.run(AS_OF)
        if then in {"refresh", "both"}:
            await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
        await assert_agreed(world, await answers(world))
    await world.run(AS_OF, forced=True)
    await assert_agreed(world, await answers(world))
    await assert_ranked(world)


async def assert_agreed(world: World, told: dict[str, Any]) -> None:
    recounted = {
        item.item_id: sum_of(event for event in todays(world.events) if event.item == item.item_id)
        for item in world.items
    }
    for way in WAYS[:-1]:
        assert told[way] == recounted, way
    by_category = {"Music": Counts(), "News": Counts()}
    for item in world.items:
        assert item.category is not None
        by_category[item.category] = by_category[item.category].plus(recounted[item.item_id])
    assert told["categories"] == by_category
    assert told["dashboards"] == recounted
    for number, metric in enumerate(METRICS):
        # Whoever has nothing, or less, is in no list.
        listed = {item_id: one[number] for item_id, one in recounted.items() if one[number] > 0}
        assert told[f"top {metric}"] == listed, metric


async def answers(world: World) -> dict[str, Any]:
    """Ask all of them for today."""
    known = (
        "(select array_agg(content_type) as types, array_agg(external_id) as names from core.item)"
    )
    columns = "views, likes, comments, shares, watch_seconds"
    stats = await world.rows(
        f"select item_id, {columns} from {known} as known "  # noqa: S608  # ours
        "cross join lateral api.stats_of_items(types, names, %s) where \"window\" = 'today'",
        [AS_OF],
    )
    zoned = await world.rows(
        f"select item_id, {columns} from {known} as known "  # noqa: S608  # ours
        "cross join lateral api.zone_stats(types, names, array_fill(%s::timestamptz, "
        "array[cardinality(types)]), 'UTC') where \"window\" = 'today'",
        [AS_OF],
    )
    hours = [MIDNIGHT + n * timedelta(hours=1) for n in range(25)]
    told: dict[str, Any] = {
        "stats": by_item(world, stats),
        "zone stats": by_item(world, zoned),
        "series": by_item(world, await sums(world, hours, "item")),
        "totals": {
            item.item_id: added(
                await sums(
                    world, [MIDNIGHT, MIDNIGHT + DAY], None, {"item": {"in": [item.item_id]}}
                )
            )
            for item in world.items
        },
        "breakdown": by_item(
            world,
            await world.rows(
                f"select item_id, {columns} from api.engagement_breakdown("  # noqa: S608  # ours
                "%s, '{}', '{}', 'item', 'views', null, null, null, 100)",
                [[MIDNIGHT, MIDNIGHT + DAY]],
            ),
        ),
        "dashboards": by_item(
            world,
            await world.rows(
                f"select item_id, {columns} from api.engagement_15m where bucket >= %s",  # noqa: S608
                [MIDNIGHT],
            ),
        ),
        "categories": {"Music": Counts(), "News": Counts()}
        | {
            name: Counts(*numbers)
            for name, *numbers in await sums(world, [MIDNIGHT, MIDNIGHT + DAY], "category")
        },
    }
    for metric in METRICS:
        told[f"top {metric}"] = dict(
            await world.rows(
                "select item_id, count from api.top_list_members('today', %s, 'item', null, %s, "
                "null, null)",
                [metric, MIDNIGHT - timedelta(microseconds=1)],
            )
        )
    return told


async def sums(
    world: World, edges: list[datetime], split_by: str | None, wanted: object = None
) -> list[tuple[Any, ...]]:
    return await world.rows(
        """
        select coalesce(item_id::text, subject), views, likes, comments, shares, watch_seconds
        from api.engagement_sums(%s, %s, %s)
        """,
        [edges, Jsonb(wanted or {}), split_by],
    )


async def assert_ranked(world: World) -> None:
    """The ranking of views of the day's events shows what stats say of its window."""
    rows = await world.rows(
        """
        select place.item_id, place.views, place.likes, place.comments, place.shares,
            stats.views, stats.likes, stats.comments, stats.shares
        from api.latest_run as run
        inner join api.stored_place as place on run.run_id = place.run_id
        inner join core.ranking as ranking on run.ranking = ranking.name
        inner join core.item as item on place.item_id = item.item_id
        cross join lateral api.stats_of_items(
            array[item.content_type], array[item.external_id], %s
        ) as stats
        where run.ranking = 'top_viewed' and stats."window" = ranking."window"
        """,
        [AS_OF],
    )
    viewed = {event.item for event in world.events if event.counted and event.type == "view"}
    assert {row[0] for row in rows} == viewed
    for _, *numbers in rows:
        # Lists show no less than nothing.
        assert numbers[:4] == [max(number, 0) for number in numbers[4:]]


def todays(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if event.counted and event.occurred_at >= MIDNIGHT]


def by_item(world: World, rows: Iterable[tuple[Any, ...]]) -> By:
    """Add up the rows of each item; those without a row have nothing."""
    found = {item.item_id: Counts() for item in world.items}
    for item_id, *numbers in rows:
        found[int(item_id)] = found[int(item_id)].plus(Counts(*numbers))
    return found


def added(rows: Iterable[tuple[Any, ...]]) -> Counts:
    total = Counts()
    for _, *numbers in rows:
        total = total.plus(Counts(*numbers))
    return total
