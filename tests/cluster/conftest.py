"""A cluster of six servers, and settings under which its faults are soon over."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
import redis.asyncio

from app.runtime.pool import Pool
from app.runtime.redis_client import open_redis
from app.settings import Settings
from tests.cleaning import Cleaner
from tests.engines.redis_nodes import (
    RedisCluster,
    SentinelService,
    redis_cluster,
    sentinel_service,
    why_no_cluster,
)
from tests.tokens import SECRET

SHARDS = 3


@pytest.fixture(scope="session")
def has_redis_7() -> None:
    if why := why_no_cluster():
        pytest.skip(why)


@pytest.fixture(scope="session")
async def cluster(
    has_redis_7: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RedisCluster]:
    """Three masters and their replicas, for all tests that leave it whole."""
    async with redis_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
async def own_cluster(
    has_redis_7: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RedisCluster]:
    """The same, for one test to break."""
    async with redis_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
async def service(
    has_redis_7: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[SentinelService]:
    """A master, two replicas and three sentinels, for one test to break."""
    async with sentinel_service(tmp_path_factory.mktemp("service")) as running:
        yield running


def settings_on(settings: Settings, url: str, **given: object) -> Settings:
    """Return settings for another Redis, whose outages are soon noticed."""
    return msgspec.structs.replace(
        settings,
        redis_url=url,
        redis_timeout=1.0,
        batch_seconds=0.02,
        claim_seconds=0.5,
        max_deliveries=100,
        pool_size=8,
        jwt_secret=SECRET,
        **given,
    )


@pytest.fixture
async def clean_database(cleaner: Cleaner, pool: Pool) -> None:
    async with pool.connection() as connection:
        await cleaner.clean(connection)


@pytest.fixture
async def on_cluster(
    settings: Settings,
    cluster: RedisCluster,
    clean_database: None,  # noqa: ARG001
) -> Settings:
    """Settings for the whole cluster, which is empty, and so is the database."""
    own = settings_on(settings, cluster.url, stream_shards=SHARDS)
    async with open_redis(own) as client:
        await client.flushall()
    return own


@pytest.fixture
async def client(on_cluster: Settings) -> AsyncIterator[redis.asyncio.Redis]:
    async with open_redis(on_cluster) as opened:
        yield opened
