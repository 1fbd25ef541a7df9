"""What callers may hold of a process at once, and for how long a body may come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from app.alerts.feed import AlertFeed
from app.http import bounds
from app.http.turns import Turns
from app.rankings.hot_path import HotPath
from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.conftest import hot_path_of
from tests.calling import Call
from tests.eventually import eventually
from tests.serving import api_of, bearer, make_key

pytestmark = pytest.mark.usefixtures("clean")

DEFAULTS = AlertFeed.follow.__kwdefaults__ or {}
EVENTS = "/analytics/events"
STREAM = "/alerts/stream"
EVENT = b'[{"type": "view", "contentId": "a"}]'
OTHER = "192.0.2.7"


@pytest.fixture(name="app")
async def _app(settings: Settings) -> AsyncIterator[HotPath]:
    """An API in which little is allowed."""
    little = msgspec.structs.replace(
        settings,
        max_requests=4,
        max_held_bytes=4_000,
        max_body_bytes=1_000,
        max_streams=4,
        max_client_streams=2,
        wait_seconds=1.0,
    )
    async with api_of(little) as api:
        yield hot_path_of(api)


def waiting(app: HotPath, peer: str = "127.0.0.1") -> Call:
    """Send events and wait for their being written, which nobody does."""
    call = Call(app, "POST", EVENTS, query="wait=true", peer=peer)
    call.say(EVENT)
    return call


async def test_one_client_cannot_have_all_requests(app: HotPath) -> None:
    held = [waiting(app), waiting(app)]
    await asyncio.sleep(0)
    refused = waiting(app)
    assert await refused.ended() == (429, "too-many-at-once")
    assert refused.headers["retry-after"] == "1"
    held += [waiting(app, OTHER), waiting(app, OTHER)]
    await asyncio.sleep(0)
    assert await waiting(app, "192.0.2.9").ended() == (503, "crowded")
    live = Call(app, "GET", "/health/live", peer="192.0.2.9")
    assert (await live.ended())[0] == 200
    assert {(await call.ended())[0] for call in held} == {202}
    assert app.edge.bounds.requests.held == 0


async def test_who_waits_for_a_body_takes_no_place_but_its_bytes(app: HotPath) -> None:
    slow = [Call(app, "POST", EVENTS) for _ in range(9)]
    for call in slow[:2]:
        call.say(b"[" + b" " * 900, more=True)
    await eventually_held(app, 1_802)
    assert app.edge.bounds.requests.held == 0
    slow[2].say(b" " * 500, more=True)
    assert await slow[2].ended() == (429, "too-many-at-once")
    others = Call(app, "POST", EVENTS, peer=OTHER)
    others.say(EVENT)
    assert (await others.ended())[0] == 202
    for call in slow[3:]:
        call.say(EVENT)
        assert (await call.ended())[0] == 202
    for call in slow[:2]:
        call.say(EVENT[1:])
        assert (await call.ended())[0] == 202
    assert (app.edge.bounds.body_bytes.held, app.edge.bounds.requests.held) == (0, 0)


async def eventually_held(app: HotPath, size: int) -> None:
    async def held() -> bool:
        return app.edge.bounds.body_bytes.held == size

    await eventually(held)


async def test_a_body_that_stalls_or_breaks_is_told_so(
    app: HotPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Call(app, "POST", EVENTS)
    broken.say(b"[", more=True)
    broken.hang_up()
    assert await broken.ended() == (400, "broken-body")
    monkeypatch.setattr(bounds, "BODY_SECONDS", 0.05)
    stalled = Call(app, "POST", EVENTS)
    stalled.say(b"[", more=True)
    assert await stalled.ended() == (408, "slow-body")
    assert (app.edge.bounds.body_bytes.held, app.edge.bounds.requests.held) == (0, 0)


async def test_streams_are_reserved_before_they_begin(app: HotPath) -> None:
    held = [Call(app, "GET", STREAM) for _ in range(5)]
    await asyncio.gather(*(call.begun.wait() for call in held))
    assert sorted(call.status for call in held) == [200, 200, 503, 503, 503]
    others = [Call(app, "GET", STREAM, peer=OTHER) for _ in range(2)]
    await asyncio.gather(*(call.begun.wait() for call in others))
    assert [call.status for call in others] == [200, 200]
    # A stream is no request in work: everybody else is answered.
    assert app.edge.bounds.requests.held == 0
    assert await Call(app, "GET", STREAM, peer="192.0.2.9").ended() == (503, "too-many-streams")
    for call in (*held, *others):
        call.say()
        call.hang_up()
        await call.ended()

    async def is_free() -> bool:
        return not app.app.state.services.alert_feed._seats

    await eventually(is_free)


async def test_a_stream_ends_with_its_key(
    settings: Settings, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AlertFeed.follow, "__kwdefaults__", {**DEFAULTS, "heartbeat": 0.05})
    key = await make_key(pool, "read")
    async with api_of(msgspec.structs.replace(settings, require_keys="all")) as api:
        app = hot_path_of(api)
        call = Call(app, "GET", STREAM, headers=bearer(key))
        call.say()
        await call.begun.wait()
        assert call.status == 200
        async with pool.connection() as connection:
            await connection.execute("update core.api_key set revoked_at = now()")
        await app.app.state.services.key_ring.reload()
        async with asyncio.timeout(10):
            await call.task


async def test_many_begin_by_turns_and_no_client_before_its_turn() -> None:
    turns, order, at = Turns(at_once=2), list[tuple[str, int]](), 0

    async def begin(client: str) -> None:
        await turns.wait(client)
        order.append((client, at))

    begun = [asyncio.create_task(begin(client)) for client in ["many"] * 7 + ["one"]]
    while not all(task.done() for task in begun):
        await asyncio.sleep(0)
        at += 1
    assert [client for client, _ in order][:4] == ["many", "many", "many", "one"]
    assert max(sum(1 for _, when in order if when == turn) for turn in range(at)) == 2


async def test_everybody_else_is_answered_as_ever(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.get("/items") for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}
