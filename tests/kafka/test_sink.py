"""What is accepted goes out through a real broker: all of it, in order, nothing that must not."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from app.dev.children import CommandChild
from app.erasure.erase import Subject, erase
from app.errors import RefusedError, SettingError
from app.publishing import run_parts, topics_of
from app.runtime.pool import Pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from app.sink import publisher
from tests.conftest import Breakable
from tests.eventually import eventually
from tests.kafka.conftest import Broker
from tests.kafka.login import USER, closed
from tests.kafka.sinking import all_out, event, ids, insert, publishing, status_of, switch, values

_names = count()


@pytest.fixture
async def settings(
    kafka_settings: Settings, kafka_pool: Pool, breakable: Breakable
) -> AsyncIterator[Settings]:
    """Settings with topics of the test's own; the sink is off before and after."""
    await breakable.mend()
    number = next(_names)
    yield msgspec.structs.replace(
        kafka_settings,
        kafka_event_topic=f"out.events.{number}",
        kafka_ranking_topic=None,
    )
    await breakable.mend()
    for stream in ("event", "ranking"):
        await switch(kafka_pool, to_on=False, stream=stream)


async def rows_in(pool: Pool, table: str) -> int:
    async with pool.connection() as connection:
        cursor = await connection.execute(f"table core.{table}".encode())
        return len(await cursor.fetchall())


@pytest.mark.usefixtures("settings")
async def test_off_by_default_nothing_is_noted(kafka_pool: Pool) -> None:
    events = [event("off", claims=True) for _ in range(3)]
    assert await insert(kafka_pool, events) == 3
    assert await insert(kafka_pool, [*events, event("off")], seen_before=True) == 1
    assert await rows_in(kafka_pool, "outgoing") == 0


async def test_each_accepted_event_goes_out_once_and_in_order(
    kafka_pool: Pool, settings: Settings, broker: Broker
) -> None:
    await switch(kafka_pool, to_on=True)
    first = [
        event(f"s{n % 7}", user_id=f"u{n}", session_id="s", metadata=b'{"a": 1}')
        for n in range(500)
    ]
    await insert(kafka_pool, first)
    # Known events, by way of staging, beside new ones: only the new ones go out.
    later = [
        event("s1", "unlike"),
        event("s2", "watch_time", seconds=2.5, count=3),
        event("s3", uncounted_because="bot: x"),
        event("s4", occurred_at=first[0].event.occurred_at - 90_000_000_000),
    ]
    assert await insert(kafka_pool, [*first[:100], *later], seen_before=True) == 4
    async with kafka_pool.connection() as connection:
        cursor = await connection.execute(
            "select core.record_event(%s, clock_timestamp(),"
            " (select item_id from core.item where external_id = 's5'), 'like', 'ada')",
            [uuid4()],
        )
        assert cursor.rowcount == 1
    assert (await status_of(kafka_pool)).waiting == 505
    async with publishing(settings):
        await all_out(kafka_pool)
    log = await broker.log_of(settings.kafka_event_topic or "")
    assert len(log) == len(set(ids(log))) == 505
    said = {each["id"]: each for each in values(log)}
    for received in [*first, *later]:
        out = said[str(UUID(bytes=received.event.event_id))]
        assert out["contentId"] == received.event.content_id
        assert out.get("userId") == received.event.user_id
        assert out["counted"] == (received.event.uncounted_because is None)
    assert [out["userId"] for out in said.values() if out["type"] == "like"] == ["ada"]
    watched = next(out for out in said.values() if out["type"] == "watch_time")
    assert (watched["seconds"], watched["count"]) == (2.5, 3)
    for name in {each.event.content_id for each in first}:
        mine = [record for record in log if record.key == f"video/{name}".encode()]
        assert len({record.partition for record in mine}) == 1
        wanted = [str(UUID(bytes=e.event.event_id)) for e in first if e.event.content_id == name]
        assert [each for each in ids(mine) if each in set(wanted)] == wanted
    assert await rows_in(kafka_pool, "outgoing") == 0


@pytest.mark.usefixtures("settings")
async def test_imports_stay_at_home(kafka_pool: Pool) -> None:
    await switch(kafka_pool, to_on=True)
    events = [event("import") for _ in range(3)]
    await insert(kafka_pool, events, publishes=False)
    await insert(kafka_pool, [event("import"), *events], seen_before=True, publishes=False)
    assert await rows_in(kafka_pool, "outgoing") == 0


async def test_brokers_down_what_waits_goes_out_when_they_are_back(
    kafka_pool: Pool, settings: Settings, broker: Broker
) -> None:
    async with publishing(settings):
        await insert_until_noted(kafka_pool, "down")
        await all_out(kafka_pool)
        await broker.kill()
        try:
            events = [event("down") for _ in range(50)]
            await insert(kafka_pool, events)
            assert (await status_of(kafka_pool)).waiting >= 50
        finally:
            await broker.start()
        await all_out(kafka_pool, within=60)
    log = await broker.log_of(settings.kafka_event_topic or "")
    assert {str(UUID(bytes=each.event.event_id)) for each in events} <= set(ids(log))


async def insert_until_noted(pool: Pool, name: str) -> None:
    """Insert one event once the publisher has switched the sink on."""

    async def on() -> bool:
        return (await status_of(pool)).since is not None

    await eventually(on)
    await insert(pool, [event(name)])


async def test_the_database_down_too(
    kafka_pool: Pool, settings: Settings, broker: Broker, breakable: Breakable
) -> None:
    async with publishing(settings):
        await insert_until_noted(kafka_pool, "database")
        await breakable.engine.kill_database()
        await breakable.engine.start_database()
        events = [event("database") for _ in range(20)]

        async def inserted() -> bool:
            await insert(kafka_pool, events)
            return True

        await eventually(inserted)
        await all_out(kafka_pool, within=60)
    log = await broker.log_of(settings.kafka_event_topic or "")
    assert {str(UUID(bytes=each.event.event_id)) for each in events} <= set(ids(log))


async def test_two_publishers_of_which_one_is_killed_lose_nothing(
    kafka_pool: Pool, settings: Settings, broker: Broker
) -> None:
    await switch(kafka_pool, to_on=True)
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "GROUNDSWELL_KAFKA_SERVERS": broker.servers,
        "GROUNDSWELL_KAFKA_EVENT_TOPIC": settings.kafka_event_topic or "",
    }
    child = CommandChild("publish", ["publish"], environment=environment, say=lambda *_: None)
    await child.start()
    events = [event(f"k{n % 20}") for n in range(3_000)]
    try:
        for start in range(0, 1_000, 100):
            await insert(kafka_pool, events[start : start + 100])

        async def begun() -> bool:
            return (await status_of(kafka_pool)).waiting < 1_000

        await eventually(begun, within=30)
        for start in range(1_000, 3_000, 500):
            await insert(kafka_pool, events[start : start + 500])
    finally:
        assert child._process is not None
        os.killpg(child._process.pid, signal.SIGKILL)
        await child.wait()
    async with kafka_pool.connection() as connection:
        # What it held is let go once its lease is over: nobody has to wait half a minute for that.
        held = await connection.execute(
            "update core.sink_lane set held_until = now() + interval '1 s' where held_until > now()"
        )
        assert held.rowcount
    async with publishing(settings):
        await all_out(kafka_pool, within=90)
    log = await broker.log_of(settings.kafka_event_topic or "")
    assert set(ids(log)) == {str(UUID(bytes=each.event.event_id)) for each in events}


async def test_who_was_erased_does_not_go_out(
    kafka_pool: Pool, settings: Settings, broker: Broker
) -> None:
    await switch(kafka_pool, to_on=True)
    await insert(
        kafka_pool,
        [event("e1", user_id="gone", session_id="s9", metadata=b'{"x": "gone"}'), event("e1")],
    )
    async with open_redis(settings) as redis:
        await erase(
            kafka_pool.connection,
            redis,
            Subject(user_id="gone"),
            purges=False,
            as_of=None,  # type: ignore[arg-type]  # of items only
        )
    async with publishing(settings):
        await all_out(kafka_pool)
    log = await broker.log_of(settings.kafka_event_topic or "")
    assert len(log) == 2
    assert not [record for record in log if b"gone" in record.value or b"s9" in record.value]


async def test_switched_off_and_on_again(
    kafka_pool: Pool, settings: Settings, broker: Broker
) -> None:
    await switch(kafka_pool, to_on=True)
    await insert(kafka_pool, [event("o1") for _ in range(5)])
    assert await switch(kafka_pool, to_on=True) == 0
    assert await switch(kafka_pool, to_on=False) == 5
    await insert(kafka_pool, [event("o1")])
    await switch(kafka_pool, to_on=True)
    last = event("o1")
    await insert(kafka_pool, [last])
    async with publishing(settings):
        await all_out(kafka_pool)
    log = await broker.log_of(settings.kafka_event_topic or "")
    assert ids(log) == [str(UUID(bytes=last.event.event_id))]


async def test_what_commits_late_goes_out_late(
    kafka_pool: Pool, settings: Settings, broker: Broker
) -> None:
    """A number that was given before others', and is seen after they have been published."""
    await switch(kafka_pool, to_on=True)
    first, late = event("l1"), event("l1")
    await insert(kafka_pool, [late])
    async with kafka_pool.connection() as connection:
        await connection.execute("create table public.held as table core.outgoing")
        await connection.execute("delete from core.outgoing")
    await insert(kafka_pool, [first])
    async with publishing(settings):
        await all_out(kafka_pool)
        async with kafka_pool.connection() as connection:
            await connection.execute(
                "insert into core.outgoing overriding system value table public.held"
            )
            await connection.execute("drop table public.held")
        await all_out(kafka_pool)
    log = await broker.log_of(settings.kafka_event_topic or "")
    assert ids(log) == [str(UUID(bytes=each.event.event_id)) for each in (first, late)]


@pytest.mark.usefixtures("settings")
async def test_what_waits_is_bounded(kafka_pool: Pool) -> None:
    await switch(kafka_pool, to_on=True)
    for _ in range(4):
        await insert(kafka_pool, [event("b1") for _ in range(10)])
    async with kafka_pool.connection() as connection:
        give_up = "select api.give_up_outgoing(clock_timestamp() + %s::interval)"
        assert await one(connection, give_up, ["1 hour"]) == 0
        await connection.execute("update core.sink set most_waiting = 25 where stream = 'event'")
        assert await one(connection, give_up, ["1 hour"]) == 20
        assert await one(connection, give_up, ["4 days"]) == 20
        await connection.execute(
            "update core.sink set most_waiting = 50000000 where stream = 'event'"
        )
    status = await status_of(kafka_pool)
    assert (status.waiting, status.given_up) == (0, 40)


async def one(connection: object, query: str, given: list[object]) -> object:
    cursor = await connection.execute(query.encode(), given)  # type: ignore[attr-defined]
    return (await cursor.fetchone())[0]


async def test_changes_in_lists(
    kafka_pool: Pool, settings: Settings, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each time for a few lists: the others are still due.
    monkeypatch.setattr(publisher, "LISTS_SECONDS", 0.05)
    topic = f"{settings.kafka_event_topic}.lists"
    lists = msgspec.structs.replace(settings, kafka_event_topic=None, kafka_ranking_topic=topic)
    await insert(kafka_pool, [event("r1", "share"), event("r2", "like"), event("r2")])
    async with kafka_pool.connection() as connection:
        await connection.execute("call api.run_rankings(clock_timestamp(), true)")
    async with publishing(lists):
        before = await lists_out(kafka_pool, broker, topic, 0)
        assert {each["change"] for each in before} == {"entered"}
        assert {each["previousRunId"] for each in before} == {None}
        await insert(kafka_pool, [event("r3", "share", count=50), event("r2", "like", count=9)])
        async with kafka_pool.connection() as connection:
            await connection.execute("call api.run_rankings(clock_timestamp(), true)")
        after = await lists_out(kafka_pool, broker, topic, len(before))
    # What readers know by then is what the newest run says, list by list.
    known: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
    for each in before + after:
        ranked = known.setdefault((each["ranking"], each["segment"]), {})
        name = each["contentType"], each["contentId"]
        if each["change"] == "left":
            assert ranked.pop(name) == each["previousRank"]
        else:
            assert ranked.get(name) == each["previousRank"]
            ranked[name] = each["rank"]
    async with kafka_pool.connection() as connection:
        cursor = await connection.execute(
            "select l.ranking, p.segment, coalesce(i.content_type, r.subject),"
            " coalesce(i.external_id, p.subject), p.rank"
            " from api.latest_run as l join api.stored_place as p using (run_id)"
            " join api.stored_run as r using (run_id)"
            " left join core.item as i using (item_id) where p.rank <= 100"
        )
        wanted: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        for ranking, segment, kind, name, rank in await cursor.fetchall():
            wanted.setdefault((ranking, segment), {})[kind, name] = rank
    assert {key: ranked for key, ranked in known.items() if ranked} == wanted
    assert {"entered", "moved"} <= {each["change"] for each in after}


async def lists_out(pool: Pool, broker: Broker, topic: str, skip: int) -> list[dict[str, Any]]:
    async def out() -> bool:
        return not (await status_of(pool, "ranking")).waiting

    await eventually(out, within=30)
    log = await broker.log_of(topic)
    log.sort(key=lambda record: record.timestamp)
    return values(log)[skip:]


async def test_who_is_refused_switches_nothing_on(kafka_pool: Pool, settings: Settings) -> None:
    async with closed("PLAIN") as servers:
        wrong = msgspec.structs.replace(
            settings,
            kafka_servers=servers,
            kafka_sasl="PLAIN",
            kafka_user=USER,
            kafka_password="wrong",
        )
        with pytest.raises(RefusedError):
            await run_parts(wrong, topics_of(wrong), kafka_pool, asyncio.Event())
    assert (await status_of(kafka_pool)).since is None


def test_topics_are_our_own(kafka_settings: Settings) -> None:
    def with_topics(**topics: str) -> Settings:
        return msgspec.structs.replace(kafka_settings, **topics)

    with pytest.raises(SettingError, match="KAFKA_EVENT_TOPIC, GROUNDSWELL_KAFKA_RANKING_TOPIC"):
        topics_of(kafka_settings)
    with pytest.raises(SettingError, match=r"KAFKA_EVENT_TOPIC='video\.viewed': has another use"):
        topics_of(with_topics(kafka_event_topic="video.viewed"))
    with pytest.raises(SettingError, match="KAFKA_RANKING_TOPIC='dead': has another use"):
        topics_of(with_topics(kafka_ranking_topic="dead"))
    with pytest.raises(SettingError, match="expected two topics"):
        topics_of(with_topics(kafka_ranking_topic="a", kafka_event_topic="a"))
