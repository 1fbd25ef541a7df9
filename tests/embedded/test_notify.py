"""LISTEN and NOTIFY from client to client."""

from __future__ import annotations

import psycopg
import pytest

from app.embedded import EmbeddedTimescaledb
from tests.embedded.conftest import Connect, Connection, value
from tests.embedded.wire import RawClient, query


async def _heard(connection: Connection, wanted: int = 1) -> list[tuple[str, str]]:
    """The notifications that arrive, up to `wanted`, within a few seconds."""
    found = connection.notifies(timeout=5, stop_after=wanted)
    return [(notification.channel, notification.payload) async for notification in found]


async def _hears_nothing(connection: Connection) -> bool:
    await connection.execute("select 1")
    return [n async for n in connection.notifies(timeout=0)] == []


async def test_an_idle_listener_hears_another_client(connect: Connect, db: Connection) -> None:
    listener, deaf = await connect(), await connect()
    await listener.execute("listen news")
    await db.execute("notify news, 'hello'")
    assert await _heard(listener) == [("news", "hello")]
    assert await _hears_nothing(deaf)
    assert await _hears_nothing(db)


async def test_every_listener_hears_it_once(connect: Connect, db: Connection) -> None:
    listeners = [await connect() for _ in range(3)]
    for listener in listeners:
        await listener.execute("listen news")
    await db.execute("select pg_notify('news', 'a')")
    await db.execute("select pg_notify('news', 'b')")
    for listener in listeners:
        assert await _heard(listener, 2) == [("news", "a"), ("news", "b")]


async def test_a_notification_comes_after_its_commit_only(connect: Connect) -> None:
    listener, writer = await connect(), await connect(autocommit=False)
    await listener.execute("listen news")
    await writer.execute("notify news, 'rolled back'")
    await writer.rollback()
    await writer.execute("notify news, 'committed'")
    await writer.commit()
    assert await _heard(listener) == [("news", "committed")]


async def test_a_function_may_notify(connect: Connect, db: Connection) -> None:
    listener = await connect()
    await listener.execute("listen news")
    await db.execute(
        "create or replace function shout() returns trigger language plpgsql as"
        " $$ begin perform pg_notify('news', new.note); return new; end $$"
    )
    await db.execute(
        "create trigger shout after insert on thing for each row execute function shout()"
    )
    await db.execute("insert into thing values (1, 'from a trigger')")
    assert await _heard(listener) == [("news", "from a trigger")]


async def test_unlisten_of_one_client_spares_the_others(connect: Connect, db: Connection) -> None:
    first, second = await connect(), await connect()
    for listener in (first, second):
        await listener.execute('listen "Some News"')
    await first.execute('unlisten "Some News"')
    await db.execute("notify \"Some News\", 'x'")
    assert await _heard(second) == [("Some News", "x")]
    assert await _hears_nothing(first)
    await second.execute("unlisten *")
    await db.execute("notify \"Some News\", 'y'")
    assert await _hears_nothing(second)


async def test_listen_that_is_rolled_back(connect: Connect, db: Connection) -> None:
    listener = await connect(autocommit=False)
    await listener.execute("listen news")
    await listener.rollback()
    await db.execute("notify news")
    assert await _hears_nothing(listener)
    await listener.execute("listen news")
    await listener.commit()
    await db.execute("notify news, 'now'")
    assert await _heard(listener) == [("news", "now")]


async def test_listeners_that_leave_are_forgotten(connect: Connect, db: Connection) -> None:
    leaving, staying = await connect(), await connect()
    for listener in (leaving, staying):
        await listener.execute("listen news")
    await leaving.close()
    await db.execute("notify news, 'still'")
    assert await _heard(staying) == [("news", "still")]
    await staying.close()
    await db.execute("notify news, 'nobody'")
    assert await value(db, "select count(*) from pg_listening_channels()") == 0


async def test_a_client_hears_itself(db: Connection) -> None:
    await db.execute("listen news")
    await db.execute("notify news, 'me'")
    assert await _heard(db) == [("news", "me")]


async def test_the_sender_is_named(embedded: EmbeddedTimescaledb, connect: Connect) -> None:
    listener, sender = await connect(), await connect()
    await listener.execute("listen news")
    await sender.execute("notify news")
    [notification] = [n async for n in listener.notifies(timeout=5, stop_after=1)]
    assert notification.pid == sender.info.backend_pid
    raw = await RawClient.connected(embedded.url)
    assert [a.kind for a in await raw.ask(query("listen news"))] == ["C", "Z"]
    await raw.close()


async def test_listening_in_a_failed_statement(db: Connection, connect: Connect) -> None:
    with pytest.raises(psycopg.errors.SyntaxError):
        await db.execute("listen")
    other = await connect()
    await other.execute("notify listen")
    assert await _hears_nothing(db)
