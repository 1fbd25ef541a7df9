"""kill -9 at random points: what was acknowledged is there, once."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from app.embedded import EmbeddedTimescaledb, copy_data
from tests.embedded.conftest import Connection, fetch, value

WRITERS = 4
KILLS = 3


ENDLESS: LiteralString = (
    "create function endless(n int) returns int language plpgsql"
    " as $$ begin return endless(n + 1); end $$"
)


class Writer:
    """Writes rows, each in a transaction, and remembers which were acknowledged."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.sent = 0
        self.acknowledged: set[int] = set()

    async def write(self, url: str) -> None:
        """Write until the connection breaks."""
        with suppress(psycopg.OperationalError):
            async with await psycopg.AsyncConnection.connect(url) as connection:
                while True:
                    row = self.number * 1_000_000 + self.sent
                    self.sent += 1
                    await connection.execute("insert into event (id, at) values (%s, now())", [row])
                    await connection.commit()
                    self.acknowledged.add(row)


async def _open(server: EmbeddedTimescaledb) -> Connection:
    return await psycopg.AsyncConnection.connect(server.url, autocommit=True)


@pytest.mark.parametrize("seed", [1])
async def test_acknowledged_rows_outlive_kill_9(
    empty_folder: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 (no secret)
    copy_data(empty_folder, tmp_path)
    server = EmbeddedTimescaledb(tmp_path)
    await server.start()
    async with await _open(server) as db:
        await db.execute("create table event (id bigint, at timestamptz not null)")
        await db.execute("select create_hypertable('event', 'at')")
    writers = [Writer(number) for number in range(WRITERS)]
    for _ in range(KILLS):
        tasks = [asyncio.create_task(writer.write(server.url)) for writer in writers]
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        server.process.kill()
        assert await server.wait() == -9
        await asyncio.gather(*tasks)
        await server.start()
        async with await _open(server) as db:
            rows = [row[0] for row in await fetch(db, "select id from event")]
        assert len(rows) == len(set(rows))
        assert set().union(*(writer.acknowledged for writer in writers)) <= set(rows)
    assert all(writer.acknowledged for writer in writers)
    async with await _open(server) as db:
        await db.execute("insert into event values (-1, now())")
        assert await value(db, "select count(*) from event where id = -1") == 1
    await server.stop()


async def test_endless_recursion_is_an_error(db: Connection) -> None:
    await db.execute("drop function if exists endless")
    await db.execute(ENDLESS)
    for _ in range(2):
        with pytest.raises(psycopg.errors.StatementTooComplex, match="stack depth limit exceeded"):
            await db.execute("select endless(1)")
    assert await value(db, "select 1") == 1


async def test_a_crash_of_the_engine_is_told_to_its_clients(
    empty_folder: Path, tmp_path: Path
) -> None:
    copy_data(empty_folder, tmp_path)
    server = EmbeddedTimescaledb(tmp_path)
    await server.start()
    async with await _open(server) as bystander, await _open(server) as victim:
        await bystander.execute("create table kept (id int)")
        await victim.execute("set max_stack_depth = '1000MB'")
        await victim.execute(ENDLESS)
        with pytest.raises(psycopg.errors.CrashShutdown):
            await victim.execute("select endless(1)")
        with pytest.raises(psycopg.OperationalError):
            await bystander.execute("select 1")
    assert await server.wait() == 70
    await server.start()
    async with await _open(server) as db:
        assert await fetch(db, "select * from kept") == []
    await server.stop()
