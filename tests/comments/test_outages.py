"""Comments while the database, Redis or a worker dies: once or not at all, and told which."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from uuid import UUID

import httpx
import msgspec
import pytest

from app.runtime.pool import open_pool
from app.settings import Settings
from tests.api.conftest import problem
from tests.comments.provider import GOOD, HANGING, Provider
from tests.comments.stage import all_of, event_counts, page, post, translating
from tests.engines import Engine
from tests.eventually import eventually
from tests.serving import api_of
from tests.tokens import signed_in

SPANISH = "me encanta esta canción, saludos desde México"
SENT = 80


@pytest.fixture
async def own(
    own_engine: Callable[[], Awaitable[Engine]], translated: Settings
) -> AsyncIterator[tuple[httpx.AsyncClient, Engine, Settings]]:
    """An API on an engine of the test's own."""
    engine = await own_engine()
    settings = msgspec.structs.replace(
        translated,
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        database_timeout=3.0,
        redis_timeout=1.0,
    )
    async with api_of(settings) as api:
        yield api, engine, settings


async def test_what_is_sent_again_after_a_kill_is_there_once(
    own: tuple[httpx.AsyncClient, Engine, Settings], provider: Provider
) -> None:
    api, engine, settings = own
    sent = 0

    async def send(number: int) -> None:
        nonlocal sent
        body = {"text": f"{SPANISH} {number}", "id": str(UUID(int=number))}
        while True:
            answer = await api.post("/items/a/comments", json=body, headers=signed_in("ada"))
            if answer.status_code == 201:
                break
            assert answer.status_code == 503, answer.text
            await asyncio.sleep(0.1)
        sent += 1

    async def has_sent(some: int) -> bool:
        return sent >= some

    limit = asyncio.Semaphore(8)

    async def bounded(number: int) -> None:
        async with limit:
            await send(number)

    async with asyncio.TaskGroup() as group:
        for number in range(SENT):
            group.create_task(bounded(number))
        await eventually(partial(has_sent, SENT // 4), within=60, every=0.002)
        await engine.kill_database()
        await engine.start_database()
    await eventually(partial(_all_there, api), within=30)
    async with open_pool(settings) as pool:
        assert await event_counts(pool) == {"comment": SENT}
        # A worker process is killed with a text in its hands.
        provider.behave = lambda _: HANGING
        await page(api, lang="en", limit=1)
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", "worker", env=_environment(settings)
        )

        async def is_asked() -> bool:
            return provider.asked.total() > 0

        await eventually(is_asked, within=60)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
        provider.behave = lambda _: GOOD
        async with pool.connection() as connection:
            # As if the time of its lease were over.
            await connection.execute("update core.translation set next_attempt_at = now()")
        async with translating(settings, pool):

            async def is_translated() -> bool:
                (one,) = (await page(api, lang="en", limit=1))["items"]
                return bool(one["translation"] == "translated")

            await eventually(is_translated, within=30)


async def test_without_redis_comments_go_on_and_without_the_database_nothing_is_promised(
    own: tuple[httpx.AsyncClient, Engine, Settings],
) -> None:
    _, engine, settings = own
    limited = msgspec.structs.replace(settings, comment_limit_per_minute=1)
    async with api_of(limited) as api, open_pool(settings) as pool:
        await engine.kill_redis()
        for number in range(3):
            await post(api, f"{SPANISH} {number}")
        assert len(await all_of(api, lang="en")) == 3
        async with translating(settings, pool):

            async def is_translated() -> bool:
                found = await all_of(api, lang="en")
                return {one["translation"] for one in found} == {"translated"}

            await eventually(is_translated, within=30)
            await engine.kill_database()
            for method, path in (
                ("GET", "/items/a/comments"),
                ("POST", "/items/a/comments"),
                ("DELETE", f"/items/a/comments/{UUID(int=1)}"),
            ):
                body = {"text": "x"} if method == "POST" else None
                answer = await api.request(method, path, json=body, headers=signed_in("ada"))
                await problem(answer, 503, "unavailable")
            await engine.start_database()
            await post_again(api)
            await eventually(is_translated, within=30)


async def post_again(api: httpx.AsyncClient) -> None:
    """Post as soon as the database is back."""

    async def is_back() -> bool:
        answer = await api.post(
            "/items/a/comments",
            json={"text": f"{SPANISH} otra vez", "id": str(UUID(int=9))},
            headers=signed_in("bob"),
        )
        return answer.status_code == 201

    await eventually(is_back, within=60)


async def _all_there(api: httpx.AsyncClient) -> bool:
    found = Counter(one["id"] for one in await all_of(api, limit=100))
    return found == Counter(str(UUID(int=number)) for number in range(SENT))


def _environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "GROUNDSWELL_TRANSLATOR": "libretranslate",
        "GROUNDSWELL_TRANSLATOR_URL": settings.translator_url or "",
        "GROUNDSWELL_TRANSLATION_LANGUAGES": "en",
    }
