"""Erasing a user or an item: nothing of it is in any table or Redis key afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from click.testing import CliRunner
from psycopg import sql
from redis.asyncio import Redis

from app.cli.erase import erasing
from app.ingest import keys
from app.ingest.dead_letters import dead_fields
from app.ingest.packing import TYPE_NUMBERS
from app.ingest.repeats import Repeats
from app.ingest.rows import ReceivedEvent
from app.ingest.stream import Entry, to_fields
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.serving import api_of
from tests.writing import packed, put, running_writer, waiting, written

pytestmark = pytest.mark.usefixtures("clean")

WHO, SESSION, OTHER, ITEM = "erase-me-7", "its-session-7", "somebody-else", "gone-item-7"
ADMIN = "a" * 40
DAY = 86_400_000_000


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    own = msgspec.structs.replace(settings, admin_key=ADMIN)
    async with api_of(own) as client:
        yield client


async def erase(api: httpx.AsyncClient, **body: object) -> httpx.Response:
    return await api.post(
        "/admin/erasures", json=body, headers={"authorization": f"Bearer {ADMIN}"}
    )


@pytest.fixture
async def traces(
    clean: None,  # noqa: ARG001 - before anything is left
    settings: Settings,
    pool: Pool,
    redis: Redis,
) -> None:
    """Leave traces of the user and the item wherever they can be."""
    now = unix_microseconds()
    like = TYPE_NUMBERS["like"]
    mine = {"user_id": WHO, "session_id": SESSION, "metadata": b'{"mail": "erase-me-7@x.org"}'}
    events = [
        packed(ITEM, **mine, claims=True),
        packed(ITEM, **mine, occurred_at=now - 5 * DAY, type=like),
        packed("b", session_id=SESSION, occurred_at=now - 5 * DAY),
        packed("b", user_id=OTHER, session_id=SESSION),
    ]
    quick = msgspec.structs.replace(settings, batch_seconds=0.02)
    async with running_writer(quick, pool, redis):
        await put(redis, events)
        await eventually(lambda: _is_empty(redis))
    async with pool.connection() as connection:
        await connection.execute(
            "update core.item set title = 'gone-item-7 and more' where external_id = %s", [ITEM]
        )
        await connection.execute(
            "insert into core.item_like select item_id, %s, true, now() from core.item", [WHO]
        )
        await connection.execute(
            "insert into core.comment select %s, item_id, %s, %s, sha256('x'), 'es', now()"
            " from core.item where external_id = %s",
            [UUID(int=7), WHO, f"{WHO} on {ITEM}", ITEM],
        )
        await connection.execute(
            "insert into core.translation select sha256('x'), 'en', %s, 1, now(), null, 'infinity'",
            [f"{WHO} upon {ITEM}"],
        )
        await connection.execute("call api.refresh_aggregates(forced => true)")
        await connection.execute(
            "select compress_chunk(chunk) from show_chunks('core.event', older_than => now()"
            " - interval '3 days') as chunk"
        )
    await Repeats(redis, period_seconds=60).mark([ReceivedEvent(event, now) for event in events])
    await put(redis, [packed("c", **mine), packed("c", user_id=OTHER)])
    waits = to_fields(Entry(now, [packed("c", session_id=SESSION), packed(ITEM)]))
    await redis.xadd(keys.BACKFILL_STREAM, dict(waits.items()))
    dead = to_fields(Entry(now, [packed(ITEM, **mine)]))
    for fields in (dead, {**dead, b"e": b"\xc1" + dead[b"e"]}):
        reason = f"{WHO} and {ITEM} cannot be stored"
        letter = dead_fields(fields, reason=reason, first_id=b"1-1")
        await redis.xadd(keys.DEAD_STREAM, dict(letter.items()))


async def _is_empty(redis: Redis) -> bool:
    return await waiting(redis) == 0


async def found(pool: Pool, redis: Redis, *texts: str) -> set[str]:
    """Return the tables and Redis keys that hold one of `texts`."""
    places = set()
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema in ('core', 'agg') and table_type in ('BASE TABLE', 'VIEW')"
        )
        for schema, table in await cursor.fetchall():
            name = sql.Identifier(schema, table)
            look = sql.SQL("select count(*) from {} as t where t::text like any(%s)").format(name)
            counted = await connection.execute(look, [[f"%{text}%" for text in texts]])
            if (row := await counted.fetchone()) and row[0]:
                places.add(f"{schema}.{table}")
    wanted = [text.encode() for text in texts]
    stored: list[Any] = await redis.keys()
    for key in stored:
        value = key + repr(await held(redis, key)).encode()
        if any(text in value for text in wanted):
            places.add(key.decode())
    return places


async def held(redis: Redis, key: bytes) -> object:
    """Return what a key holds."""
    kind: Any = await redis.type(key)
    match kind:
        case b"stream":
            return await redis.xrange(key)
        case b"hash":
            return await redis.hgetall(key)
        case b"zset":
            return await redis.zrange(key, 0, -1)
        case b"set":
            return await redis.smembers(key)
        case b"list":
            return await redis.lrange(key, 0, -1)
        case _:
            return await redis.get(key)


async def sums(pool: Pool) -> list[Any]:
    async with pool.connection() as connection:
        await connection.execute("call api.refresh_aggregates(forced => true)")
        cursor = await connection.execute(
            "select sum(views)::int, sum(likes)::int from agg.engagement_1d"
        )
        return list(await cursor.fetchone() or ())


@pytest.mark.usefixtures("traces")
async def test_a_user_is_nowhere_and_counts_stay(
    api: httpx.AsyncClient, pool: Pool, redis: Redis
) -> None:
    places = await found(pool, redis, WHO, SESSION)
    assert places == {
        "core.comment", "core.event", "core.item_like", "core.translation", keys.EVENT_STREAM,
        keys.BACKFILL_STREAM, keys.DEAD_STREAM,
    }  # fmt: skip
    before = await sums(pool)
    answer = await erase(api, userId=WHO, counts="keep")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"events": 3, "waiting": 4, "likes": 2, "comments": 1, "uploads": 0}
    left = await found(pool, redis, WHO, SESSION)
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select count(*) from core.event where user_id = %s and session_id = %s",
            [OTHER, SESSION],
        )
        assert await cursor.fetchone() == (1,), "another user's stay, sessions too"
        cursor = await connection.execute("select likes from core.item_like_count")
        assert await cursor.fetchall() == [(1,), (1,)]
        cursor = await connection.execute("select action, parameters, outcome from core.audit")
        ((action, parameters, outcome),) = await cursor.fetchall()
    assert left == {"core.event"}
    assert await found(pool, redis, WHO) == set()
    assert (action, parameters["kind"], parameters["counts"]) == ("erase", "user", "keep")
    assert outcome == {"events": 3, "waiting": 4, "likes": 2, "comments": 1, "uploads": 0}
    assert await sums(pool) == before
    assert await waiting(redis) == 1
    again = await erase(api, userId=WHO, counts="keep")
    assert again.json() == {"events": 0, "waiting": 0, "likes": 0, "comments": 0, "uploads": 0}


@pytest.mark.usefixtures("traces")
async def test_a_user_is_purged_with_its_counts(
    api: httpx.AsyncClient, settings: Settings, pool: Pool, redis: Redis
) -> None:
    assert await sums(pool) == [3, 1]
    answer = await erase(api, userId=WHO, counts="purge")
    assert answer.json() == {"events": 3, "waiting": 4, "likes": 0, "comments": 1, "uploads": 0}
    assert await found(pool, redis, WHO) == set()
    assert await sums(pool) == [1, 0]
    assert (await written(pool)).rows == 1
    async with pool.connection() as connection:
        cursor = await connection.execute("select likes from core.item_like_count")
        assert await cursor.fetchall() == [(0,), (0,)]
    async with running_writer(settings, pool, redis):
        await eventually(lambda: _is_empty(redis))
    assert (await written(pool)).rows == 3, "what waited beside it is written"


@pytest.mark.usefixtures("traces")
@pytest.mark.parametrize(("counts", "after"), [("keep", [3, 1]), ("purge", [2, 0])])
async def test_an_item_is_nowhere(
    api: httpx.AsyncClient, pool: Pool, redis: Redis, counts: str, after: list[int]
) -> None:
    assert (await api.get(f"/analytics/stats/{ITEM}")).status_code == 200
    assert "core.item" in await found(pool, redis, ITEM)
    answer = await erase(api, contentId=ITEM, counts=counts)
    assert answer.json() == {"events": 2, "waiting": 3, "likes": 0, "comments": 1, "uploads": 0}
    assert await found(pool, redis, ITEM) == set()
    assert await sums(pool) == after
    assert (await erase(api, contentId=ITEM, counts=counts)).status_code == 404
    assert await found(pool, redis, ITEM) == set(), "the trail has no name either"
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select reason from core.item_exclusion where lifted_at is null"
        )
        assert await cursor.fetchall() == [("erased",)]


async def test_what_a_writer_holds_is_waited_for(
    api: httpx.AsyncClient, settings: Settings, pool: Pool, redis: Redis
) -> None:
    await redis.xgroup_create(keys.EVENT_STREAM, keys.WRITER_GROUP, id="0", mkstream=True)
    await put(redis, [packed("a", user_id=WHO)])
    read: Any = await redis.xreadgroup(keys.WRITER_GROUP, "slow", {keys.EVENT_STREAM: ">"})
    ((_, ((entry_id, _),)),) = read
    erasing_it = asyncio.create_task(erase(api, userId=WHO, counts="keep"))
    await eventually(lambda: _is_gone(redis, entry_id))
    assert not erasing_it.done()
    await redis.xack(keys.EVENT_STREAM, keys.WRITER_GROUP, entry_id)
    assert (await erasing_it).json()["waiting"] == 1
    async with running_writer(settings, pool, redis):
        await eventually(lambda: _is_empty(redis))
    assert (await written(pool)).rows == 1
    assert await found(pool, redis, WHO) == set()


async def _is_gone(redis: Redis, entry_id: bytes) -> bool:
    return not await redis.xrange(keys.EVENT_STREAM, min=entry_id, max=entry_id)


@pytest.mark.usefixtures("traces")
async def test_the_command_does_the_same_and_is_audited(
    settings: Settings, pool: Pool, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("REDIS_URL", settings.redis_url)

    async def run(*arguments: str) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, erasing, arguments)
        return result.output or str(result.exception)

    said = await run("user", WHO, "--counts", "keep")
    assert (
        said
        == "erased from 3 events, and 4 that waited; 1 comments gone; 2 likes stay as nobody's\n"
    )
    assert await run("item", ITEM, "--counts", "purge") == (
        "erased from 2 events, and 2 that waited; 0 comments gone; 0 likes stay as nobody's\n"
    )
    assert await run("item", ITEM, "--counts", "purge") == f"no video has the id '{ITEM}'"
    assert await found(pool, redis, WHO, ITEM) == set()
    async with pool.connection() as connection:
        cursor = await connection.execute("select who like '%, command line' from core.audit")
        assert await cursor.fetchall() == [(True,)] * 3


@pytest.mark.parametrize(
    "body",
    [{"counts": "keep"}, {"userId": "a", "contentId": "b", "counts": "keep"}, {"userId": "a"}],
)
async def test_what_is_not_clear_is_refused(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await erase(api, **body)).status_code == 400
    assert (await api.post("/admin/erasures", json=body)).status_code in {401, 403}
