"""A consumer whose client is stuck, though the brokers answer, ends and says so."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaTimeoutError

from app.consumer import run_parts
from app.errors import StalledError
from app.kafka import source
from app.kafka.brokers import answer
from app.kafka.mapping import mapping_of
from app.runtime.pool import Pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.conftest import Breakable
from tests.kafka.conftest import Broker

MAPPING = mapping_of({"topics": {"video.viewed": {}}})


async def never(*_: object, **__: object) -> None:
    await asyncio.Event().wait()


async def times_out(*_: object, **__: object) -> None:
    raise KafkaTimeoutError("no metadata")


@pytest.mark.parametrize(
    "stuck",
    [{"start": never}, {"getmany": never, "end_offsets": times_out}],
    ids=["it never joins the group", "it knows of the topics no more"],
)
async def test_it_ends(
    *,
    stuck: dict[str, Any],
    broker: Broker,
    breakable: Breakable,
    kafka_settings: Settings,
    kafka_pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await breakable.mend()
    await broker.send("video.viewed", [None])
    monkeypatch.setattr(source, "LOOK_SECONDS", 0.2)
    for name, does in stuck.items():
        monkeypatch.setattr(AIOKafkaConsumer, name, does)
    hasty = msgspec.structs.replace(kafka_settings, stall_seconds=1.0, kafka_group="stuck")
    async with open_redis(hasty) as redis:
        with pytest.raises(StalledError, match="reading from Kafka has not come on for 1 seconds"):
            async with asyncio.timeout(20):
                await run_parts(hasty, MAPPING, kafka_pool, redis, asyncio.Event())


async def test_brokers_that_are_down_are_no_stall(broker: Broker, kafka_settings: Settings) -> None:
    assert await answer(kafka_settings, ["video.viewed", "not.there"])
    await broker.kill()
    try:
        assert not await answer(kafka_settings, ["video.viewed"])
    finally:
        await broker.start()
