"""Webhooks: signed, sent at least once under one id, tried again for a day, and logged."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import httpx
import msgspec
import psycopg
import pytest

from app.alerts import deliverer as delivering
from app.alerts import sender as sending
from app.alerts.deliverer import run_deliverer
from app.runtime.notifications import of_database
from app.runtime.pool import Pool, open_pool
from app.serve import free_port
from app.settings import Settings
from tests.alerting import SECRET, enters_top, subscribe
from tests.alerts.conftest import (
    Post,
    Received,
    Receiver,
    got,
    log_of,
    raise_alerts,
    silence,
    status,
)
from tests.engines import Engine
from tests.eventually import eventually
from tests.sql.oracle import Event
from tests.sql.world import AS_OF, World

SECOND = timedelta(seconds=1)


def verified(received: Received, secret: str = SECRET) -> bool:
    """Check a signature as the specification of Standard Webhooks says."""
    signed = b".".join(
        (
            received.headers["webhook-id"].encode(),
            received.headers["webhook-timestamp"].encode(),
            received.body,
        )
    )
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in received.headers["webhook-signature"].split(" ")


async def test_what_a_run_raises_arrives_signed_and_whole(
    world: World, receiver: Receiver, post: Post
) -> None:
    await world.ranking("top", formula="top_count", window="24h")
    for number, views in ((1, 9), (2, 5)):
        await world.item(f"i{number}")
        await world.happened(number, count=views)
    await world.execute("update core.item set title = 'Eins' || item_id")
    await world.run()
    made = await subscribe(
        world, enters_top(1), ranking="top", url=receiver.url("localhost"), name="Ünique"
    )
    at = AS_OF + SECOND
    await world.insert([Event(item=2, type="view", occurred_at=at, received_at=at, count=9)])
    await world.run(at, forced=True)
    alert_id, run_id = (await world.rows("select alert_id, run_id from core.alert"))[0]

    post.now = AS_OF + 90 * SECOND
    assert await post.send() == 1

    (request,) = receiver.received
    assert request.line == "POST /hook?a=b HTTP/1.1"
    assert request.headers["host"] == f"localhost:{receiver.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == f"alert_{alert_id}"
    assert int(request.headers["webhook-timestamp"]) == post.now.timestamp()
    assert verified(request)
    assert not verified(request, SECRET.replace("Mf", "mF"))
    assert request.json == {
        "id": f"alert_{alert_id}", "type": "alert.entersTop", "occurredAt": "2026-03-15T12:00:01Z",
        "alert": {"id": made, "name": "Ünique", "condition": {"type": "entersTop", "n": 1}},
        "item": {"contentId": "i2", "contentType": "video", "title": "Eins2"},
        "ranking": "top", "runId": run_id, "rank": 1, "previousRank": 2, "score": 14.0,
        "count": None,
    }  # fmt: skip
    assert await log_of(world) == [(1, 200, None, None)]
    assert await post.send() == 0


async def test_while_secrets_are_changed_both_sign(
    world: World, receiver: Receiver, post: Post
) -> None:
    made = await raise_alerts(world, receiver.url(), alerts=0)
    newer = "whsec_" + base64.b64encode(b"another secret of the tests").decode()
    await world.execute(
        "update core.alert_subscription set secret = %s, previous_secret = secret, "
        "previous_secret_until = %s",
        newer, AS_OF + 60 * SECOND,
    )  # fmt: skip
    for post.now in (AS_OF, AS_OF + 61 * SECOND):
        await world.execute("select api.test_alert(%s, %s)", made, AS_OF)
        await post.send()
    both, one = receiver.received
    assert verified(both, newer)
    assert verified(both, SECRET)
    assert verified(one, newer)
    assert not verified(one, SECRET)


async def test_it_is_tried_again_later_and_later_under_the_same_id(
    world: World, receiver: Receiver, post: Post
) -> None:
    await raise_alerts(world, receiver.url())
    receiver.answer = status(500)
    pauses = [5, 15, 45, 135, 405, 1_215, 3_645, 10_935, 21_600, 21_600, 21_600]
    for pause in pauses:
        assert await post.send() == 1
        post.now += (pause - 1) * SECOND
        assert await post.send() == 0
        post.now += 2 * SECOND
    assert post.now - AS_OF > timedelta(hours=22)
    assert await post.send() == 1
    post.now += timedelta(days=30)
    assert await post.send() == 0
    assert len(set(receiver.ids)) == 1
    assert len({request.body for request in receiver.received}) == 1
    log = [(attempt, 500, "answered 500", pause) for attempt, pause in enumerate(pauses, 1)]
    assert await log_of(world) == [*log, (12, 500, "answered 500", None)]
    assert await world.value("select count(*) from core.alert_outbox") == 0


async def test_a_receiver_that_comes_back_gets_what_it_missed(
    world: World, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SEND_SECONDS", 0.3)
    receiver = Receiver()
    receiver.port = free_port("127.0.0.1")
    await raise_alerts(world, receiver.url())
    await post.send()
    async with receiver.open():
        receiver.answer = silence
        post.now += 6 * SECOND
        await post.send()
        receiver.answer = status(204)
        post.now += 16 * SECOND
        await post.send()
    refused, late, delivered = await log_of(world)
    assert refused[1] is None
    assert "connect" in refused[2].lower()
    assert late[1:3] == (None, "no answer within 0.3 seconds")
    assert delivered == (3, 204, None, None)


async def test_a_paused_one_waits_but_a_test_does_not(
    world: World, receiver: Receiver, post: Post
) -> None:
    made = await raise_alerts(world, receiver.url())
    await world.execute("update core.alert set alert_type = 'enters_top'")
    await world.execute("update core.alert_subscription set status = 'paused'")
    assert await post.send() == 0
    await world.execute("select api.test_alert(%s, %s)", made, AS_OF)
    assert await post.send() == 1
    await world.execute("update core.alert_subscription set status = 'active'")
    assert await post.send() == 1
    types = [request.json["type"] for request in receiver.received]
    assert types == ["alert.test", "alert.entersTop"]


async def test_it_sends_when_it_is_notified_and_stops_when_told(
    world: World,
    receiver: Receiver,
    settings: Settings,
    pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivering, "POLL_SECONDS", 600.0)
    allowed = msgspec.structs.replace(settings, webhook_private_networks=True)
    stop = asyncio.Event()
    task = asyncio.create_task(
        run_deliverer(
            settings=allowed, pool=pool, notifications=of_database(allowed, "alert"), stop=stop
        )
    )
    made = await raise_alerts(world, receiver.url(), alerts=0)
    for count in range(1, 4):
        await world.execute("select api.test_alert(%s, now())", made)
        await eventually(partial(got, receiver, count))
    stop.set()
    await asyncio.wait_for(task, 5)
    assert len(await log_of(world)) == 3


async def test_an_outage_of_the_database_costs_no_record(
    own_engine: Callable[..., Awaitable[Engine]], receiver: Receiver
) -> None:
    """The answer comes while the database is down: it is noted when that is back, and not asked
    for again."""
    engine = await own_engine()
    own = Settings(
        database_url=engine.database_url, redis_url=engine.redis_url, database_timeout=2,
        webhook_private_networks=True,
    )  # fmt: skip
    down = asyncio.Event()

    async def held(writer: asyncio.StreamWriter) -> None:
        await down.wait()
        await status(200)(writer)

    receiver.answer = held
    stop = asyncio.Event()
    async with open_pool(own) as pool:
        await pool.wait()
        task = asyncio.create_task(
            run_deliverer(
                settings=own, pool=pool, notifications=of_database(own, "alert"), stop=stop
            )
        )
        async with pool.connection() as connection:
            await raise_alerts(World(connection), receiver.url())
        await eventually(lambda: got(receiver, 1))
        await engine.kill_database()
        down.set()
        await engine.start_database()

        async def noted() -> bool:
            try:
                async with pool.connection() as connection:
                    return await log_of(World(connection)) == [(1, 200, None, None)]
            except psycopg.Error:
                return False

        await eventually(noted, within=20)
        stop.set()
        await asyncio.wait_for(task, 5)
    assert len(receiver.received) == 1


def test_clocks_are_in_utc() -> None:
    """What is sent is stamped by this clock unless a test has its own."""
    made = delivering.Deliverer(pool=None, sender=None, timeout=1)  # type: ignore[arg-type]
    assert isinstance(made.clock(), datetime)
    assert made.clock().utcoffset() == timedelta(0)


async def test_what_waits_is_in_the_metrics(
    world: World, api: httpx.AsyncClient, receiver: Receiver, post: Post
) -> None:
    await raise_alerts(world, receiver.url(), alerts=2)

    async def shown() -> dict[str, float]:
        lines = (await api.get("/metrics")).text.splitlines()
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in lines)
            if name.startswith("groundswell_alert")
        }

    before = await shown()
    assert before["groundswell_alerts_pending"] == 2
    assert before["groundswell_alerts_oldest_seconds"] > 0
    await post.send()
    after = await shown()
    assert (after["groundswell_alerts_pending"], after["groundswell_alerts_oldest_seconds"]) == (
        0,
        0,
    )
    delivered = 'groundswell_alert_deliveries_total{outcome="delivered"}'
    assert after[delivered] - before.get(delivered, 0) == 2
