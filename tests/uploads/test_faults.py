"""Finalising while holders are killed and paused, and while Redis and the store are down."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from pathlib import Path

import httpx
import msgspec
import pytest
import redis.asyncio

from app.runtime.pool import Pool
from app.runtime.redis_lock import acquire, holder_key
from app.settings import Settings
from app.uploads.finalizing import lock_of
from tests.api.conftest import problem
from tests.engines.redis import KillableRedis
from tests.eventually import eventually
from tests.serving import api_of
from tests.tokens import signed_in
from tests.uploads.gate import Gate
from tests.uploads.processes import Process, processes
from tests.uploads.s3 import S3
from tests.uploads.stage import Json, begin, begun, completed, finalize, one_row

MANY = int(os.environ.get("UPLOADS") or 20)
"""`make test UPLOADS=1000 ARGS=tests/uploads` finalises so many."""
LEASE = 0.5
"""Seconds for which a holder of these tests holds the lock without a word."""


def path_of(upload: Json) -> str:
    return f"/uploads/{upload['id']}/finalize"


async def post(process: Process, upload: Json) -> tuple[int, str]:
    (answer,) = await process.post([path_of(upload)], signed_in("ada"))
    return answer


async def test_fifty_over_several_processes_complete_it_once(
    api: httpx.AsyncClient, uploading: Settings, pool: Pool, s3: S3
) -> None:
    """And so do many other uploads, each of which all processes finalise at the same time."""
    upload = await begun(api)
    uploads = [upload] + [await begun(api, b"film %d" % number) for number in range(MANY - 1)]
    async with processes(uploading, 4) as running:
        asked = [13, 13, 12, 12]
        sent = [
            process.post([path_of(upload)] * count, signed_in("ada"))
            for process, count in zip(running, asked, strict=True)
        ]
        answers = [answer for found in await asyncio.gather(*sent) for answer in found]
        assert len(answers) == 50
        assert {status for status, _ in answers} <= {200, 409}
        assert len({text for status, text in answers if status == 200}) == 1

        async def all_of(process: Process) -> dict[str, str]:
            left = [path_of(each) for each in uploads]
            done = dict[str, str]()
            random.Random(process.pid).shuffle(left)  # noqa: S311 - chance, not secrets
            while left:
                batch, left = left[:20], left[20:]
                said = zip(batch, await process.post(batch, signed_in("ada")), strict=True)
                for path, (status, text) in said:
                    assert status in {200, 409}, text
                    if status == 200:
                        done[path] = text
                    else:
                        left.append(path)
            return done

        first, *others = await asyncio.gather(*map(all_of, running))
    assert all(other == first for other in others)
    assert len(first) == MANY
    items, finalized, fences = await one_row(
        pool,
        "select (select count(*) from core.item), count(*), sum(fence) from core.upload "
        "where state = 'finalized'",
    )
    assert (items, finalized, fences) == (MANY, MANY, MANY)
    assert [method for method, _ in s3.asked].count("HEAD") == MANY


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "paused"])
async def test_who_dies_or_is_paused_past_its_lease_completes_nothing_twice(
    api: httpx.AsyncClient, uploading: Settings, pool: Pool, gate: Gate, number: int
) -> None:
    upload = await begun(api)
    async with processes(uploading, 2, lease=LEASE) as (holder, other):
        gate.passable.clear()
        holding = asyncio.create_task(post(holder, upload))

        async def is_held() -> bool:
            return gate.waiting == 1

        await eventually(is_held, within=30)
        status, text = await post(other, upload)
        assert (status, json.loads(text)["type"]) == (409, "/problems/upload-held")
        holder.signal(number)
        gate.passable.set()

        async def has_it() -> bool:
            nonlocal status, text
            status, text = await post(other, upload)
            # 503: on a busy machine it may not come to extend so short a lease.
            assert status in {200, 409, 503}, text
            return status == 200

        await eventually(has_it, within=60)
        if number == signal.SIGKILL:
            holding.cancel()
        else:
            # The store has answered the one who was paused, too.
            holder.signal(signal.SIGCONT)
            assert await holding == (200, text)
    assert (await finalize(api, upload)).text == text
    assert await completed(pool, upload["id"]) == (1, 1)
    assert (await one_row(pool, "select fence from core.upload")) == (2,)


async def test_a_lock_that_is_lost_while_the_store_is_asked_ends_nothing_twice(
    api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis, gate: Gate
) -> None:
    """As when Redis comes back empty: two are at it at once, and the fence tells them apart."""
    upload = await begun(api)
    gate.passable.clear()
    asking = [asyncio.create_task(finalize(api, upload))]
    for count in (1, 2):

        async def are_in(count: int = count) -> bool:
            return gate.waiting == count

        await eventually(are_in, within=30)
        await redis.delete(holder_key(lock_of(upload["id"])))
        asking += [asyncio.create_task(finalize(api, upload))] if count == 1 else []
    gate.passable.set()
    answers = await asyncio.gather(*asking)
    assert {answer.status_code for answer in answers} <= {200, 409, 503}
    last = await finalize(api, upload)
    assert last.status_code == 200
    assert {answer.text for answer in answers if answer.status_code == 200} <= {last.text}
    assert await completed(pool, upload["id"]) == (1, 1)


async def test_while_another_holds_it_there_is_a_409(
    api: httpx.AsyncClient, redis: redis.asyncio.Redis
) -> None:
    upload = await begun(api)
    lease = await acquire(redis, lock_of(upload["id"]))
    answer = await finalize(api, upload)
    await problem(answer, 409, "upload-held")
    assert answer.headers["retry-after"] == "1"
    await lease.release()
    assert (await finalize(api, upload)).status_code == 200


async def test_without_redis_nothing_is_begun_and_what_is_done_is_told(
    uploading: Settings,
    clean: None,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    own = KillableRedis(tmp_path / "redis")
    await own.start()
    alone = msgspec.structs.replace(uploading, redis_url=own.url, redis_timeout=0.5)
    try:
        async with api_of(alone) as api:
            done, upload = await begun(api), await begun(api)
            first = await finalize(api, done)
            await own.kill()
            answer = await finalize(api, upload)
            await problem(answer, 503, "unavailable")
            assert "Redis" in answer.json()["detail"]
            assert (await finalize(api, done)).text == first.text
            await begin(api)
            await own.start()

            async def works() -> bool:
                return (await finalize(api, upload)).status_code == 200

            await eventually(works, within=30)
    finally:
        await own.stop()


async def test_a_store_that_is_down_slow_or_talks_nonsense_is_a_503_and_heals(
    uploading: Settings,
    clean: None,  # noqa: ARG001
    gate: Gate,
    pool: Pool,
) -> None:
    impatient = msgspec.structs.replace(uploading, upload_store_seconds=0.5)
    async with api_of(impatient) as api:
        upload = await begun(api)

        async def refused(words: str) -> httpx.Response:
            answer = await finalize(api, upload)
            await problem(answer, 503, "unavailable")
            assert words in answer.json()["detail"]
            return answer

        await gate.shut()
        await refused("does not answer")
        await gate.open()
        gate.passable.clear()
        begun_at = time.monotonic()
        await refused("gave no answer within 0.5 seconds")
        assert time.monotonic() - begun_at < 30
        gate.passable.set()
        for nonsense, words in NONSENSE.items():
            gate.nonsense = nonsense
            await refused(words)
        gate.nonsense = b"HTTP/1.1 503 Slow Down\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n"
        assert (await refused("answers 503")).headers["retry-after"] == "7"
        assert await completed(pool, upload["id"]) == (0, 0)
        gate.nonsense = None
        assert (await finalize(api, upload)).status_code == 200
        assert await completed(pool, upload["id"]) == (1, 1)


_OK = b"HTTP/1.1 200 OK\r\n"
NONSENSE = {
    b"": "something that is not HTTP",
    b"\x00\xff garbage\r\n\r\n": "something that is not HTTP",
    _OK + b"content-length: many\r\n\r\n": "something that is not HTTP",
    _OK + b"x: " + b"y" * 200_000 + b"\r\n\r\n": "something that is not HTTP",
    _OK + b"\r\n": "says nothing of the size",
    _OK + b"content-length: 19\r\nx-amz-checksum-sha256: ?\r\n\r\n": "SHA-256 that is none",
    _OK + b"content-length: 19\r\nx-amz-checksum-sha256: YWJj-2\r\n\r\n": "SHA-256 that is none",
    b"HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n": "with 301",
    b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n": "refuses us with 403",
    b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n": "answers 500",
}
