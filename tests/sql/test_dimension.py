"""Declared keys of the metadata: counted by aggregates of their own, made and dropped with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.world import AS_OF, World

DAYS = [AS_OF - timedelta(days=2), AS_OF + timedelta(days=1)]
VALUES = "values: name 1 to 200, of as many characters each, without other, which is the rest"
EVENT = """
insert into core.event
    (event_id, occurred_at, received_at, item_id, event_type, count, metadata)
values (gen_random_uuid(), %s, %s, %s, 'view', %s, %s)
"""


@asynccontextmanager
async def declared(world: World, key: str, *names: str) -> AsyncIterator[None]:
    """Declare a key, and drop it again: what is made for it is no table that cleaning knows."""
    await world.execute("call api.declare_dimension(%s, %s)", key, list(names))
    try:
        yield
    finally:
        await world.execute("call api.drop_dimension(%s)", key)


async def viewed(world: World, item: int, views: int, metadata: object, *, hours: int = 0) -> None:
    at = AS_OF - timedelta(hours=hours)
    given = None if metadata is None else Jsonb(metadata)
    await world.execute(EVENT, at, at, item, views, given)


async def views(world: World, wanted: object = None) -> dict[str, int]:
    rows = await world.rows(
        "select subject, views from api.engagement_sums(%s, %s, 'metadata.device')",
        [DAYS, Jsonb(wanted or {})],
    )
    return dict(rows)


async def test_values_are_told_apart_and_the_rest_is_other(world: World) -> None:
    a, b = await world.item("a", category="Music"), await world.item("b")
    await viewed(world, a, 1, {"device": "phone"}, hours=30)
    async with declared(world, "device", "phone", 'it\'s {a},"tv"\\'):
        await viewed(world, a, 2, {"device": 'it\'s {a},"tv"\\'})
        await viewed(world, b, 4, {"device": "toaster"})
        await viewed(world, b, 8, {"device": 5})
        await viewed(world, b, 16, None)
        everything = {"phone": 1, 'it\'s {a},"tv"\\': 2, "other": 28}
        music = {"phone": 1, 'it\'s {a},"tv"\\': 2}

        assert await views(world) == everything
        await world.execute("call api.refresh_aggregates(%s, true)", AS_OF + timedelta(hours=1))
        assert await views(world) == everything
        assert await views(world, {"category": {"in": ["Music"]}}) == music

        await viewed(world, b, 32, {"device": "phone"}, hours=30)
        assert await views(world) == {**everything, "phone": 33}


async def test_what_was_made_goes_with_it_and_nothing_is_taken_for_lost(world: World) -> None:
    item = await world.item("a")
    await viewed(world, item, 1, {"device": "phone"}, hours=30)
    levels = await world.rows("select name from core.aggregate_level order by name")
    async with declared(world, "device", "phone"):
        assert len(await world.rows("select 1 from core.aggregate_level")) == len(levels) + 2
        await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
    assert await world.rows("select name from core.aggregate_level order by name") == levels
    assert await world.rows("select 1 from core.storage_policy where level ~ 'device'") == []
    assert await world.rows("select * from api.lost_chunks()") == []


@pytest.mark.parametrize("is_refreshed", [True, False])
async def test_two_keys_are_told_together(world: World, is_refreshed: bool) -> None:
    """Where an event has both; beside either by itself, and a key that looks like the two."""
    a, b = await world.item("a", category="Music"), await world.item("b")
    for count, item, metadata in (
        (1, a, {"device": "phone", "country": "DE"}),
        (2, b, {"device": "phone", "country": "DE"}),
        (4, a, {"device": "phone", "country": "AT"}),
        (8, a, {"device": "phone"}),
        (16, b, {"country": "DE"}),
        (32, a, {"device": "tv", "country": "DE"}),
        (64, a, {"device_country": "phone/DE"}),
    ):
        await viewed(world, item, count, metadata, hours=30)
    async with (
        declared(world, "device", "phone", "tv"),
        declared(world, "device_country", "phone/DE"),
        declared(world, "device.country", "phone/DE", "phone/AT"),
    ):
        if is_refreshed:
            await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)

        async def by(key: str, wanted: object) -> dict[str, int]:
            rows = await world.rows(
                "select subject, views from api.engagement_sums(%s, %s, %s)",
                [DAYS, Jsonb(wanted), f"metadata.{key}"],
            )
            return dict(rows)

        together = "device.country"
        assert await by(together, {}) == {"phone/DE": 3, "phone/AT": 4, "other": 120}
        music = {"category": {"in": ["Music"]}}
        assert await by(together, music) == {"phone/DE": 1, "phone/AT": 4, "other": 104}
        only = {"metadata": {"key": together, "in": ["phone/DE"]}}
        assert await by(together, only) == {"phone/DE": 3}
        assert await by("device", {}) == {"phone": 15, "tv": 32, "other": 80}
        assert await by("device_country", {}) == {"phone/DE": 64, "other": 63}


@pytest.mark.parametrize(
    ("key", "names", "fault"),
    [
        *(
            (
                key,
                ["a"],
                (
                    f"key '{key}': use 1 to 30 of a-z, 0-9 and _, a letter first; of two keys "
                    "together, a dot between them"
                ),
            )
            for key in ("Device", "a.b.c", ".b", "a.", "a." + "b" * 29)
        ),
        (
            "device.country",
            ["phone/DE", "tv"],
            (
                "values: those of device.country are a value of each with a slash between them, "
                "such as phone/DE"
            ),
        ),
        ("x", [], VALUES),
        ("x", ["other"], VALUES),
        ("x", ["a" * 201], VALUES),
    ],
)
async def test_what_cannot_be_declared(
    world: World, key: str, names: list[str], fault: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as raised:
        await world.execute("call api.declare_dimension(%s, %s)", key, names)
    assert raised.value.diag.message_primary == fault


async def test_a_purged_item_goes_from_the_site_too(world: World) -> None:
    a, b = await world.item("a"), await world.item("b")
    await viewed(world, a, 1, {"device": "phone"}, hours=30)
    await viewed(world, b, 2, {"device": "phone"}, hours=30)
    async with declared(world, "device", "phone"):
        await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
        await world.execute("delete from core.event where item_id = %s", a)
        await world.execute("select api.erase_item(%s, true, %s)", a, AS_OF)
        for table in ("site_1m", "site_15m", "site_1d", "site_by_device_15m"):
            assert await world.value(f"select sum(views) from agg.{table}") == 2, table  # noqa: S608
        assert await views(world) == {"phone": 2}


@pytest.mark.parametrize("is_refreshed", [True, False])
async def test_filters_by_value_go_with_all_others(world: World, is_refreshed: bool) -> None:
    """Every rule with every way to tell apart equals a recount of the events."""
    items = {
        await world.item("a", category="Music"): "Music",
        await world.item("b"): None,
    }
    events = [
        (item, device, 2**place, hours)
        for place, (item, device, hours) in enumerate(
            (item, device, hours)
            for item in items
            for device in ("phone", "tv", "toaster")
            for hours in (30, 0)
        )
    ]
    async with declared(world, "device", "phone", "tv"):
        for item, device, count, hours in events:
            await viewed(world, item, count, {"device": device}, hours=hours)
        if is_refreshed:
            await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
        for rule in ({"in": ["phone"]}, {"notIn": ["phone"]}, {"in": ["tv", "other"]}):
            for category in (None, "Music"):
                for split_by in (None, "item", "category", "metadata.device"):
                    wanted: dict[str, object] = {"metadata": {"key": "device", **rule}}
                    if category:
                        wanted["category"] = {"in": [category]}
                    expected: dict[str | None, int] = {}
                    for item, device, count, _ in events:
                        value = device if device in {"phone", "tv"} else "other"
                        is_in = value in rule.get("in", [value])
                        is_out = value in rule.get("notIn", [])
                        if is_in and not is_out and category in {None, items[item]}:
                            key = {
                                None: None, "item": str(item), "category": items[item],
                                "metadata.device": value,
                            }[split_by]  # fmt: skip
                            expected[key] = expected.get(key, 0) + count
                    rows = await world.rows(
                        "select coalesce(item_id::text, subject), views "
                        "from api.engagement_sums(%s, %s, %s)",
                        [DAYS, Jsonb(wanted), split_by],
                    )
                    assert dict(rows) == expected, (rule, category, split_by)


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        ({"key": "nose"}, "metadata: 'metadata.nose' is no declared key"),
        (
            {"key": "device", "in": ["toaster"]},
            "metadata: 'toaster' is no value of device that is told apart: phone, other",
        ),
    ],
)
async def test_what_cannot_be_filtered_by(world: World, wanted: object, fault: str) -> None:
    async with declared(world, "device", "phone"):
        with pytest.raises(psycopg.errors.CheckViolation) as raised:
            await world.rows(
                "select * from api.engagement_sums(%s, %s)", [DAYS, Jsonb({"metadata": wanted})]
            )
    assert raised.value.diag.message_primary == fault
