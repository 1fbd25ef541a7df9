"""A store, what stands before it, and an API that uploads to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import msgspec
import pytest

from app.settings import Settings
from tests.serving import api_of
from tests.tokens import SECRET
from tests.uploads.gate import Gate, gate_to
from tests.uploads.s3 import ACCESS_KEY, BUCKET, REGION, S3, SECRET_KEY, serving


@pytest.fixture(scope="session")
def server() -> Iterator[S3]:
    with serving() as s3:
        yield s3


@pytest.fixture
def s3(server: S3) -> S3:
    server.reset()
    return server


@pytest.fixture
async def gate(s3: S3) -> AsyncIterator[Gate]:
    async with gate_to(s3.port) as gate:
        yield gate


@pytest.fixture
def uploading(settings: Settings, gate: Gate) -> Settings:
    """Settings with users and that store."""
    return msgspec.structs.replace(
        settings,
        jwt_secret=SECRET,
        admin_key="u" * 40,
        database_timeout=60,
        redis_timeout=30,
        upload_store_seconds=60,
        upload_store_url=gate.url,
        upload_bucket=BUCKET,
        upload_region=REGION,
        upload_access_key=ACCESS_KEY,
        upload_secret_key=SECRET_KEY,
        upload_limit_per_minute=0,
    )


@pytest.fixture(name="api")
async def _api(clean: None, uploading: Settings) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ARG001
    async with api_of(uploading) as api:
        yield api
