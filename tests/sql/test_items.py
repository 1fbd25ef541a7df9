"""api.put_items and api.resolve_items: the catalogue, from the application and from events."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.runtime.pool import Pool
from tests.engines import Home
from tests.eventually import eventually
from tests.sql.world import World

ITEM = """
select content_type, external_id, title, category, creator, published_at::text, attributes
from core.item order by item_id
"""
RESOLVE = "select external_id, item_id from api.resolve_items(%s, %s) order by external_id"


async def put(world: World, *items: Mapping[str, object]) -> int:
    return int(await world.value("select api.put_items(%s)", Jsonb(list(items))))


async def test_an_item_is_created_with_all_it_has(world: World) -> None:
    await world.execute("set time zone 'UTC'")
    written = await put(
        world,
        {
            "contentType": "movie",
            "contentId": "m1",
            "title": "Metropolis",
            "category": "drama",
            "creator": "Lang",
            "publishedAt": "1927-01-10T20:00:00+01:00",
            "attributes": {"minutes": 153},
        },
        {"contentId": "v1"},
    )
    assert written == 2
    assert await world.rows(ITEM) == [
        ("movie", "m1", "Metropolis", "drama", "Lang", "1927-01-10 19:00:00+00", {"minutes": 153}),
        ("video", "v1", None, None, None, None, {}),
    ]


async def test_what_is_absent_stays_as_it_was_and_null_clears_it(world: World) -> None:
    given = {"contentId": "a", "title": "A", "category": "x", "attributes": {"p": 1, "q": 2}}
    await put(world, given)
    await put(world, {"contentId": "a", "creator": "me", "attributes": {"q": 3, "r": [None]}})
    row: tuple[Any, ...] = ("video", "a", "A", "x", "me", None, {"p": 1, "q": 3, "r": [None]})
    assert await world.rows(ITEM) == [row]

    await put(world, {"contentId": "a", "title": None, "attributes": {"q": None, "s": None}})
    row = ("video", "a", None, "x", "me", None, {"p": 1, "r": [None]})
    assert await world.rows(ITEM) == [row]

    nothing = dict.fromkeys(["category", "creator", "publishedAt", "attributes"])
    await put(world, {"contentId": "a", **nothing})
    assert await world.rows(ITEM) == [("video", "a", None, None, None, None, {})]


async def test_nulls_in_a_new_entry_are_nothing(world: World) -> None:
    nothing = dict.fromkeys(["title", "category", "creator", "publishedAt", "attributes"])
    await put(world, {"contentId": "a", **nothing}, {"contentId": "b", "attributes": {"p": None}})
    assert await world.rows(ITEM) == [
        ("video", name, None, None, None, None, {}) for name in ("a", "b")
    ]


async def test_an_entry_that_changes_nothing_writes_nothing(world: World) -> None:
    given = {"contentId": "a", "title": "A", "publishedAt": "2026-01-01T00:00:00Z",
             "attributes": {"p": 1}}  # fmt: skip
    await put(world, given)
    before = await world.value("select xmin::text || ctid from core.item")
    assert await put(world, given) == 1
    assert await put(world, {"contentId": "a"}) == 1
    assert await world.value("select xmin::text || ctid from core.item") == before


async def test_two_that_write_the_same_items_at_once_both_succeed(world: World, pool: Pool) -> None:
    """In opposite orders, each with fields of its own."""
    names = [str(number) for number in range(30)]

    async def write(field: str, order: list[str]) -> None:
        async with pool.connection() as connection:
            for value in "xyz":
                entries = [{"contentId": name, field: value} for name in order]
                await connection.execute("select api.put_items(%s)", [Jsonb(entries)])

    await asyncio.gather(write("title", names), write("category", names[::-1]))

    assert await world.rows("select distinct title, category from core.item") == [("z", "z")]
    assert await world.value("select count(*) from core.item") == 30


async def test_the_last_of_several_entries_for_one_item_wins(world: World) -> None:
    written = await put(
        world, {"contentId": "a", "title": "first"}, {"contentId": "a", "title": "second"}
    )
    assert written == 1
    assert await world.value("select title from core.item") == "second"


async def test_the_catalogue_may_come_before_or_after_the_events(world: World) -> None:
    await put(world, {"contentId": "a", "title": "A"})
    resolved = await world.rows(RESOLVE, [["video", "video"], ["a", "b"]])
    await put(world, {"contentId": "b", "title": "B"})

    assert await world.rows("select external_id, item_id from core.item order by 1") == resolved
    assert await world.value("select string_agg(title, '' order by title) from core.item") == "AB"


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ({"contentId": ""}, psycopg.errors.CheckViolation),
        ({"contentId": "x" * 201}, psycopg.errors.CheckViolation),
        ({"title": "no id"}, psycopg.errors.NotNullViolation),
        ({"contentId": "a", "attributes": [1]}, psycopg.errors.CheckViolation),
    ],
    ids=str,
)
async def test_a_broken_item_is_refused(
    world: World, item: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await put(world, item)


async def test_resolving_registers_each_pair_once(world: World) -> None:
    types, names = ["video", "book", "video", "video"], ["a", "a", "b", "a"]
    first = await world.rows(
        "select * from api.resolve_items(%s, %s) order by item_id", [types, names]
    )
    assert sorted(row[:2] for row in first) == [("book", "a"), ("video", "a"), ("video", "b")]

    again = await world.rows(
        "select * from api.resolve_items(%s, %s) order by item_id", [types, names]
    )

    assert again == first
    assert await world.value("select count(*) from core.item") == 3


async def test_two_writers_that_register_the_same_item_agree(
    world: World, pool: Pool, home: Home
) -> None:
    """The second waits for the first to commit, and then sees its item."""
    if home.name == "embedded":
        pytest.skip(
            "the embedded engine runs one transaction after the other: run with"
            " TEST_DATABASE_URL or Docker"
        )
    pairs = [["video"] * 3, ["c", "a", "b"]]

    async def second() -> list[tuple[str, int]]:
        async with pool.connection() as other:
            cursor = await other.execute(RESOLVE, pairs)
            return await cursor.fetchall()

    async def is_waiting() -> bool:
        async with pool.connection() as watcher:
            cursor = await watcher.execute(
                """
                select from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'
                """
            )
            return cursor.rowcount > 0

    async with world.connection.transaction():
        first = await world.rows(RESOLVE, pairs)
        waiting = asyncio.create_task(second())
        await eventually(is_waiting)
    assert await waiting == first
