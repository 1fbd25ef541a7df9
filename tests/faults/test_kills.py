"""kill -9 at seeded random moments: each accepted event ends in the hypertable exactly once."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx
import pytest
from redis.asyncio import Redis

from app.database.pool import Pool, open_pool
from app.ingest.dead_letters import each_dead_letter, replay_dead_letters
from app.main import create_app
from app.redis_client import open_redis
from app.settings import Settings
from tests.engines import Engine
from tests.eventually import eventually
from tests.lifespan import lifespan
from tests.writing import waiting, written

SEED = int(os.environ.get("FAULTS_SEED", "20"))
"""Printed with every failure; set it to see the same kills again."""


class Traffic:
    """Posts events, some of them twice, and remembers which were acknowledged."""

    def __init__(self, api: httpx.AsyncClient, chance: random.Random) -> None:
        self.api = api
        self.chance = chance
        self.acknowledged: set[str] = set()
        self.views = 0
        self.refused = 0

    async def run(self, stop: asyncio.Event) -> None:
        before: list[dict[str, object]] = []
        while not stop.is_set():
            events = [self._event() for _ in range(self.chance.randint(1, 30))]
            again = self.chance.sample(before, min(len(before), 5))
            await self._post(events + again)
            before = events
            await asyncio.sleep(self.chance.random() * 0.01)

    async def _post(self, events: list[dict[str, object]]) -> None:
        answer = await self.api.post("/analytics/events", json=events)
        if answer.status_code in {429, 503}:
            self.refused += 1
            return
        assert answer.status_code == 202, answer.text
        assert answer.json() == {"accepted": len(events), "rejected": []}
        for event in events:
            if event["id"] not in self.acknowledged:
                self.acknowledged.add(str(event["id"]))
                self.views += int(str(event["count"]))

    def _event(self) -> dict[str, object]:
        return {
            "type": "view",
            "contentId": f"item-{self.chance.randint(1, 50)}",
            "id": str(uuid4()),
            "count": self.chance.randint(1, 3),
        }


async def start_writer(settings: Settings) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "GROUNDSWELL_BATCH_SECONDS": "0.02",
        "GROUNDSWELL_CLAIM_SECONDS": "0.5",
        "GROUNDSWELL_MAX_DELIVERIES": "50",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.writer_process", env=environment
    )


async def kill(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.wait()


async def kill_writers(settings: Settings, chance: random.Random, kills: int) -> None:
    """Keep two writers running, and kill one of them again and again."""
    writers = [await start_writer(settings) for _ in range(2)]
    try:
        for _ in range(kills):
            await asyncio.sleep(0.5 + chance.random())
            victim = chance.randrange(2)
            await kill(writers[victim])
            writers[victim] = await start_writer(settings)
    finally:
        await asyncio.gather(*map(kill, writers))


async def drain(settings: Settings, redis: Redis) -> None:
    """Write what is left, and once more what was given up."""
    writer = await start_writer(settings)
    try:
        await eventually(lambda: _settled(redis), within=60)
        letters = [letter.id async for letter in each_dead_letter(redis)]
        if letters:
            await replay_dead_letters(redis, letters)
            await eventually(lambda: _settled(redis), within=60)
    finally:
        await kill(writer)


async def _settled(redis: Redis) -> bool:
    return await waiting(redis) == 0


async def check(pool: Pool, traffic: Traffic) -> None:
    """Compare the database with what was acknowledged; what was refused may or may not be there."""
    async with pool.connection() as connection:
        cursor = await connection.execute("select event_id::text from core.event")
        stored = {row[0] for row in await cursor.fetchall()}
    found = await written(pool)
    assert found.rows == found.ids == found.fed, f"doubled, FAULTS_SEED={SEED}"
    assert traffic.acknowledged <= stored, f"lost, FAULTS_SEED={SEED}"
    if not traffic.refused:
        assert stored == traffic.acknowledged, f"FAULTS_SEED={SEED}"
        assert found.views == traffic.views, f"FAULTS_SEED={SEED}"


@pytest.mark.usefixtures("clean")
async def test_killed_writers_lose_and_double_nothing(
    api: httpx.AsyncClient, settings: Settings, pool: Pool, redis: Redis
) -> None:
    chance = random.Random(SEED)  # noqa: S311
    traffic, stop = Traffic(api, chance), asyncio.Event()
    posting = asyncio.create_task(traffic.run(stop))
    await kill_writers(settings, chance, kills=8)
    stop.set()
    await posting
    await drain(settings, redis)
    await check(pool, traffic)
    assert len(traffic.acknowledged) > 1_000


async def test_killed_redis_and_database_lose_and_double_nothing(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        database_timeout=2,
        redis_timeout=1,
        pool_size=4,
    )
    chance, stop = random.Random(SEED), asyncio.Event()  # noqa: S311
    app = create_app(own)
    async with (
        lifespan(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://groundswell.test"
        ) as api,
        open_pool(own) as pool,
        open_redis(own) as redis,
    ):
        traffic = Traffic(api, chance)
        writer = await start_writer(own)
        posting = asyncio.create_task(traffic.run(stop))
        try:
            for _ in range(2):
                for fall, rise in (
                    (engine.kill_redis, engine.start_redis),
                    (engine.kill_database, engine.start_database),
                ):
                    await asyncio.sleep(0.5 + chance.random())
                    await fall()
                    await asyncio.sleep(chance.random())
                    await rise()
            stop.set()
            await posting
        finally:
            await kill(writer)
        await drain(own, redis)
        await check(pool, traffic)
    assert len(traffic.acknowledged) > 100
