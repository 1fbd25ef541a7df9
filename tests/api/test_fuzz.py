"""Fuzzing the API over real HTTP: no 5xx, no crash, and an answer to each request."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engines import Home
from tests.fuzz.bodies import Fuzzer
from tests.fuzz.client import fuzz
from tests.soak.checks import drained
from tests.soak.stand import Stand, open_stand

SEED = 20


@pytest.fixture(scope="module")
async def stand(home: Home, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    async with open_stand(home, tmp_path_factory.mktemp("fuzz")) as stand:
        await stand.ready()
        yield stand


@pytest.fixture(autouse=True)
async def _nothing_ends(stand: Stand) -> AsyncIterator[None]:
    yield
    assert [part.name for part in stand.parts if part.crashed] == []


async def test_event_bodies_that_are_nearly_right(stand: Stand) -> None:
    turns = iter(range(10**9))
    statuses, failures = await fuzz(
        stand.port, Fuzzer(SEED).input, inputs=1_000, stored=lambda: next(turns) % 4 == 0
    )
    assert failures == []
    assert {200, 202, 400, 422} <= statuses.keys()
    # What was accepted, the database must take.
    async with stand.redis() as redis:
        await drained(redis, within=60)
        assert await redis.xlen("gs:{ingest}:dead") == 0


async def test_requests_made_from_the_openapi_document(stand: Stand, tmp_path: Path) -> None:
    command = [
        *("run", f"{stand.url}/schema/openapi.json"),
        *("--checks", "not_a_server_error", "--phases", "coverage,fuzzing"),
        *("--max-examples", "5", "--seed", str(SEED), "--generation-database", "none"),
        # A stream of events never ends, so each request of it would wait for its time to run out.
        *("--exclude-path", "/alerts/stream"),
        *("--suppress-health-check", "all", "--warnings", "off", "--no-color"),
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
