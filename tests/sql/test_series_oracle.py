"""Series, totals and breakdowns equal a recount of the events, in any zone, at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.profiles import examples
from tests.sql import oracle_series
from tests.sql.oracle import Counts, Event, Item, Key
from tests.sql.world import World

DAY = timedelta(days=1)
TURNS = [
    ("UTC", "2026-03-15"),
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-11-01"),
    ("America/Havana", "2026-11-01"),
    ("America/Sao_Paulo", "2017-10-15"),
    ("Asia/Beirut", "2026-03-29"),
    ("Asia/Kathmandu", "2026-03-15"),
    ("Asia/Kolkata", "2026-01-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Pacific/Chatham", "2026-04-05"),
    ("Pacific/Apia", "2011-12-31"),
    ("Atlantic/Azores", "2026-10-25"),
    ("America/St_Johns", "2007-03-11"),
]
"""Zones, and days on which something happens to their clocks."""
TYPES = ("view", "like", "unlike", "comment", "uncomment", "share", "watch_time")
CATALOGUE = [
    {"content_type": "video", "category": "Music", "creator": "ada"},
    {"content_type": "video", "category": "Music", "creator": "bob"},
    {"content_type": "movie", "category": "News", "creator": "ada"},
    {"content_type": "movie", "category": None, "creator": None},
]
PROPERTIES: dict[str, Callable[[Item], Key | None]] = {
    "item": lambda item: item.item_id,
    "contentType": lambda item: item.content_type,
    "category": lambda item: item.category,
    "creator": lambda item: item.creator,
}
NAMES: dict[str, list[Any]] = {
    "item": [1, 2, 3, 4, 99],
    "contentType": ["video", "movie", "none"],
    "category": ["Music", "News", "none"],
    "creator": ["ada", "bob", "o'b{r,ien}\\"],
}


@st.composite
def event(draw: st.DrawFn, as_of: datetime) -> Event:
    """One that happened up to four days before, more often at an edge of something."""
    age = draw(st.integers(0, 4 * 96)) * timedelta(minutes=15)
    off = draw(st.sampled_from([0, 0, 1, -1, 61, 400_000])) * timedelta(microseconds=1_000)
    type_ = draw(st.sampled_from(TYPES))
    return Event(
        id=draw(st.uuids(version=4)),
        item=draw(st.integers(1, 4)),
        type=type_,
        occurred_at=as_of - age + off,
        received_at=as_of + DAY,
        count=draw(st.integers(1, 5)),
        seconds=draw(st.integers(0, 400)) / 4 if type_ == "watch_time" else None,
    )


@st.composite
def filters(draw: st.DrawFn) -> dict[str, dict[str, list[Any]]]:
    wanted: dict[str, dict[str, list[Any]]] = {}
    for name in draw(st.lists(st.sampled_from(sorted(NAMES)), max_size=2, unique=True)):
        for rule in draw(st.sampled_from([["in"], ["notIn"], ["in", "notIn"]])):
            names = draw(st.lists(st.sampled_from(NAMES[name]), min_size=1, max_size=2))
            wanted.setdefault(name, {})[rule] = names
    return wanted


def is_wanted(item: Item, wanted: dict[str, dict[str, list[Any]]]) -> bool:
    return all(
        (PROPERTIES[name](item) in names) is (rule == "in")
        for name, rules in wanted.items()
        for rule, names in rules.items()
    )


async def start(world: World) -> None:
    """Begin anew, as a cleaned database does."""
    await world.forget()
    levels = await world.rows(
        "select name from core.aggregate_level order by bucket desc, name desc"
    )
    for (level,) in levels:
        await world.execute(f"truncate agg.{level}")
    for number, item in enumerate(CATALOGUE):
        await world.item(str(number), **item)  # type: ignore[arg-type]  # what it takes


async def sums(
    world: World, edges: Sequence[datetime], wanted: object, split_by: str | None
) -> dict[tuple[Key | None, int], Counts]:
    rows = await world.rows(
        """
        select coalesce(item_id::text, subject), place, views, likes, comments, shares,
            watch_seconds
        from api.engagement_sums(%s, %s, %s)
        """,
        [list(edges), Jsonb(wanted), split_by],
    )
    found = {(key, place): Counts(*counts) for key, place, *counts in rows}
    assert len(found) == len(rows)
    return found


def recounted(
    world: World, edges: Sequence[datetime], wanted: Any, split_by: str | None
) -> dict[tuple[Key | None, int], Counts]:
    items = {item.item_id: item for item in world.items if is_wanted(item, wanted)}
    found: dict[tuple[Key | None, int], Counts] = {}
    for event in world.events:
        if event.counted and (item := items.get(event.item)):
            key = None if split_by is None else PROPERTIES[split_by](item)
            for place, counted in enumerate(oracle_series.sums([event], edges), 1):
                if edges[place - 1] <= event.occurred_at < edges[place]:
                    name = None if key is None else str(key)
                    found[name, place] = found.get((name, place), Counts()).plus(counted)
    return found


@examples(40)
@given(data=st.data())
async def test_sums_equal_a_recount(world: World, data: st.DataObject) -> None:
    """After events, late ones, refreshes, corrections and dropped chunks, in any order."""
    await start(world)
    zone, day = data.draw(st.sampled_from(TURNS))
    now = datetime.fromisoformat(f"{day}T13:07:00Z") + data.draw(st.integers(-1, 1)) * timedelta(
        hours=12
    )
    may_drop = False
    for step in data.draw(
        st.lists(
            st.sampled_from(
                ["events", "events", "refresh", "refresh", "uncount", "drop", "catalogue", "settle"]
            ),
            min_size=1, max_size=7,
        )
    ):  # fmt: skip
        if step == "events":
            await world.insert(data.draw(st.lists(event(now), min_size=1, max_size=8)))
            may_drop = False
        elif step == "refresh":
            await world.execute("call api.refresh_aggregates(%s, true)", now)
            may_drop = True
        elif step == "uncount" and world.events:
            place = data.draw(st.integers(0, len(world.events) - 1))
            await world.execute(
                "update core.event set counted = false where event_id = %s", world.events[place].id
            )
            if await world.value(
                "select not counted from core.event where event_id = %s", world.events[place].id
            ):
                world.events[place] = replace(world.events[place], counted=False)
                may_drop = False
        elif step == "catalogue":
            place = data.draw(st.integers(0, len(CATALOGUE) - 1))
            world.items[place] = replace(
                world.items[place], category=data.draw(st.sampled_from(["Music", "News", None]))
            )
            await world.execute(
                "update core.item set category = %s where item_id = %s",
                world.items[place].category, world.items[place].item_id,
            )  # fmt: skip
        elif step == "settle":
            await world.execute("update core.recategorised set noted_at = '-infinity'")
            await world.execute("select api.settle_categories(%s)", now)
        elif step == "drop" and may_drop:
            border = now.replace(hour=0, minute=0) - DAY
            await world.execute("select drop_chunks('core.event', older_than => %s)", border)
            break
    await assert_equal(world, data, now, ZoneInfo(zone))


async def assert_equal(world: World, data: st.DataObject, now: datetime, zone: ZoneInfo) -> None:
    """Ask for some periods, and compare each bucket."""
    for width in data.draw(st.lists(st.sampled_from(sorted(oracle_series.LENGTHS)), max_size=2)):
        length = oracle_series.LENGTHS[width]
        since = now - data.draw(st.integers(1, 5 * 96)) * timedelta(minutes=15)
        until = min(now + DAY, since + data.draw(st.integers(1, 60)) * length)
        expected = oracle_series.edges(since, until, width, zone)
        found = await world.value(
            "select api.bucket_edges(%s, %s, %s, %s, 1000)", since, until, width, zone.key
        )
        assert found == expected, width
        wanted, split_by = data.draw(filters()), data.draw(st.sampled_from([None, *NAMES]))
        assert await sums(world, found, wanted, split_by) == recounted(
            world, found, wanted, split_by
        )
    whole = [now - 6 * DAY, now + 2 * DAY]
    for split_by in (None, "item", "category", "contentType"):
        assert await sums(world, whole, {}, split_by) == recounted(world, whole, {}, split_by)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def of_views(counted: Iterable[Counts]) -> list[float]:
    return [counts.views for counts in counted]
