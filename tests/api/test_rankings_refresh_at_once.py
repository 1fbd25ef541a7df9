"""Of refreshes at one time, whoever asks for them, one runs and the others are told so."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
import redis.asyncio

from app.rankings.admin_routes import LOCK
from app.runtime.redis_lock import acquire, hold
from app.settings import Settings
from tests.api.conftest import ADMIN, ADMIN_KEY, problem
from tests.engines import Home
from tests.eventually import eventually
from tests.lifespan import client_of
from tests.sql.world import World

REFRESH = "/admin/rankings/refresh"


@pytest.fixture
async def world(world: World) -> World:
    """Few rankings: a refresh of them takes little time."""
    await world.only("trending_24h", "trending_all")
    return world


async def test_a_refresh_and_the_scoring_job_never_run_at_once(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
    settings: Settings,
    home: Home,
) -> None:
    if home.name == "embedded":
        pytest.skip(
            "the embedded engine runs one call at a time, so a refresh waits instead: "
            "run with TEST_DATABASE_URL or Docker"
        )
    options: Any = {"autocommit": True, "prepare_threshold": None}
    async with await psycopg.AsyncConnection.connect(settings.database_url, **options) as other:
        await other.execute("select api.take_job_lock('run_rankings')")
        answer = await admin_api.post(REFRESH, headers=ADMIN)
        await problem(answer, 409, "already-running")
        assert int(answer.headers["retry-after"]) > 0
    assert (await admin_api.post(REFRESH, headers=ADMIN)).status_code == 200


async def test_two_refreshes_never_run_at_once(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
    redis: redis.asyncio.Redis,
) -> None:
    async with hold(redis, LOCK):
        answer = await admin_api.post(REFRESH, headers=ADMIN)
        await problem(answer, 409, "already-running")
        assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert (await admin_api.post(REFRESH, headers=ADMIN)).status_code == 200


async def test_the_lock_of_a_killed_process_runs_out(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
    redis: redis.asyncio.Redis,
) -> None:
    await acquire(redis, LOCK, seconds=0.5)
    answer = await admin_api.post(REFRESH, headers=ADMIN)
    await problem(answer, 409, "already-running")

    async def works() -> bool:
        return (await admin_api.post(REFRESH, headers=ADMIN)).status_code == 200

    assert await eventually(works)


@contextlib.asynccontextmanager
async def stopped_at_the_database(settings: Settings) -> AsyncIterator[None]:
    """Let no refresh end for as long as this lasts: what they write to is locked."""
    async with await psycopg.AsyncConnection.connect(
        settings.database_url, prepare_threshold=None
    ) as other:
        await other.execute("lock table core.ranking_run in exclusive mode")
        yield
        await other.rollback()


PROCESSES = """
import asyncio, os, sys
import httpx, msgspec
from app.main import create_app
from app.settings import Settings
from tests.lifespan import lifespan

async def main():
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        lifespan(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        os.write(1, b"ready\\n")
        await asyncio.to_thread(os.read, 0, 1)
        headers = {"authorization": "Bearer " + settings.admin_key}
        answer = await client.post("/admin/rankings/refresh", headers=headers, timeout=60)
        os.write(1, b"%d\\n" % answer.status_code)

# All that a process imports is imported once: on a small machine that is most of the time.
children = []
for _ in range(8):
    children.append(os.fork())
    if not children[-1]:
        asyncio.run(main())
        os._exit(0)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


async def test_of_eight_processes_that_ask_at_once_one_refreshes(
    ranked: World, settings: Settings
) -> None:
    """The one is held up at the database until the seven have their answers."""
    given = msgspec.json.encode(msgspec.structs.replace(settings, admin_key=ADMIN_KEY)).decode()
    processes = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROCESSES, given,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip

    async def lines(count: int) -> list[str]:
        """Return what processes say next, without their logs."""
        assert processes.stdout is not None
        said = list[str]()
        while len(said) < count:
            line = await processes.stdout.readline()
            assert line, f"they ended after {said}"
            if (text := line.decode().strip()) == "ready" or text.isdigit():
                said.append(text)
        return said

    assert await lines(8) == ["ready"] * 8
    before = await ranked.value("select count(*) from core.job_run where job = 'run_rankings'")
    async with stopped_at_the_database(settings):
        assert processes.stdin is not None
        processes.stdin.write(b"\n" * 8)
        async with asyncio.timeout(30):
            assert await lines(7) == ["409"] * 7
    assert await lines(1) == ["200"]
    assert await processes.wait() == 0
    after = await ranked.value("select count(*) from core.job_run where job = 'run_rankings'")
    assert after == before + 1


async def test_without_redis_the_database_s_lock_will_do(
    ranked: World,  # noqa: ARG001
    settings: Settings,
    home: Home,
) -> None:
    from app.main import create_app  # noqa: PLC0415 - warnings are errors while this file loads

    app = create_app(
        msgspec.structs.replace(
            settings, admin_key=ADMIN_KEY, redis_url="redis://127.0.0.1:1/0", redis_timeout=0.5
        )
    )
    async with client_of(app) as client:
        assert (await client.post(REFRESH, headers=ADMIN)).status_code == 200
        if home.name == "embedded":
            return
        async with stopped_at_the_database(settings):
            asking = [asyncio.create_task(client.post(REFRESH, headers=ADMIN)) for _ in range(3)]

            async def others_know() -> bool:
                return sum(asked.done() for asked in asking) == 2

            assert await eventually(others_know)
        answers = await asyncio.gather(*asking)
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_refreshes_at_once_all_end_in_an_answer(
    ranked: World, admin_api: httpx.AsyncClient
) -> None:
    answers = await asyncio.gather(*(admin_api.post(REFRESH, headers=ADMIN) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    assert await ranked.value("select count(*) from core.job_run where finished_at is null") == 0
