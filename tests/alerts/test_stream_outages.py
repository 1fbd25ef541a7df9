"""The event stream while the database is away, and when it comes back as another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from app.alerts.feed import AlertFeed
from app.runtime.pool import open_pool
from app.settings import Settings
from tests.alerting import enters_top, subscribe
from tests.alerts.listening import Heard, following, raise_one
from tests.engines import Engine
from tests.eventually import eventually
from tests.sql.world import AS_OF, World


async def test_a_database_that_was_put_back_ends_the_streams(world: World, feed: AlertFeed) -> None:
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    for _ in range(3):
        newest = await raise_one(world, mine)
    heard = Heard(feed.follow(after=newest - 1))
    await eventually(lambda: heard.has(newest))
    await world.execute("delete from core.alert where alert_id > %s", newest - 2)
    await world.execute("notify alert")
    await asyncio.wait_for(heard.task, 5)
    back = Heard(feed.follow(after=newest))
    await eventually(back.begun)
    await world.execute(
        "insert into core.alert (alert_id, subscription_id, alert_type, occurred_at) "
        "overriding system value values (%s, %s, 'test', %s)",
        newest - 1, mine, AS_OF,
    )  # fmt: skip
    await world.execute("notify alert")
    await eventually(lambda: back.has(newest - 1))


async def test_the_stream_outlives_the_database(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    own = Settings(database_url=engine.database_url, redis_url=engine.redis_url, database_timeout=2)
    async with open_pool(own) as pool, following(AlertFeed(settings=own, pool=pool)) as feed:
        await pool.wait()
        async with pool.connection() as connection:
            world = World(connection)
            mine = await subscribe(world, enters_top(1), ranking="trending_24h")
            first = await raise_one(world, mine)
        heard = Heard(feed.follow(after=0, heartbeat=0.1))
        await eventually(lambda: heard.has(first))
        await engine.kill_database()
        # Who comes back just now waits with it.
        back = Heard(feed.follow(after=0, heartbeat=0.1))
        beats = heard.beats
        await eventually(lambda: heard.beaten(beats + 2))
        await engine.start_database()

        async def again() -> int:
            with suppress(Exception):
                async with pool.connection() as connection:
                    return await raise_one(World(connection), mine)
            return 0

        second = await eventually(again, within=20)
        await eventually(lambda: heard.has(first, second), within=20)
        await eventually(lambda: back.has(first, second), within=20)
