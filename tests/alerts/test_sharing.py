"""Several workers, slow receivers and dying workers: nobody gets in another's way."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from app.alerts.deliverer import AT_ONCE, AT_ONCE_EACH, AT_ONCE_HOST, LEASE
from app.alerts.sender import Sender
from app.runtime.pool import open_pool
from app.settings import Settings
from tests.alerts.conftest import Post, Receiver, got, log_of, raise_alerts, silence, status
from tests.eventually import eventually
from tests.sql.world import World

SECOND = timedelta(seconds=1)


async def test_who_dies_after_sending_has_it_sent_again_under_the_same_id(
    world: World, receiver: Receiver, post: Post
) -> None:
    receiver.answer = silence
    await raise_alerts(world, receiver.url())
    await post.deliverer.start_due()
    await eventually(lambda: got(receiver, 1))
    await post.deliverer.finish(within=0)

    other = post.twin()
    receiver.answer = status(200)
    other.now += LEASE - SECOND
    assert await other.send() == 0
    other.now += 2 * SECOND
    assert await other.send() == 1
    assert receiver.ids[0] == receiver.ids[1]
    assert await log_of(world) == [(2, 200, None, None)]


async def test_one_that_was_thought_dead_no_longer_decides(
    world: World, receiver: Receiver, post: Post
) -> None:
    answered = asyncio.Event()

    async def late(writer: asyncio.StreamWriter) -> None:
        await answered.wait()
        await status(410)(writer)

    receiver.answer = late
    await raise_alerts(world, receiver.url())
    await post.deliverer.start_due()
    await eventually(lambda: got(receiver, 1))
    receiver.answer = status(500)
    other = post.twin()
    other.now += LEASE + SECOND
    assert await other.send() == 1
    answered.set()
    await post.deliverer.finish(within=5)
    assert [row[:2] for row in await log_of(world)] == [(1, 410), (2, 500)]
    assert await world.value("select attempt from core.alert_outbox") == 2


async def test_several_workers_share_the_work(
    world: World, receiver: Receiver, settings: Settings, sender: Sender
) -> None:
    urls = [receiver.url(f"h{number}.test") for number in range(10)]
    for url in urls:
        await raise_alerts(world, url, alerts=6)

    async def anywhere(host: str, port: int) -> list[str]:
        del host, port
        return ["127.0.0.1"]

    sender._resolve = anywhere
    async with open_pool(settings) as one, open_pool(settings) as two:
        posts = [Post(settings, pool, sender) for pool in (one, two)]
        sent = [0]
        while sum(sent):
            sent = await asyncio.gather(*(each.send() for each in posts))
        sent = await asyncio.gather(*(each.send() for each in posts))
    assert sum(sent) == 60
    assert sorted(receiver.ids) == sorted(set(receiver.ids))
    assert len(receiver.ids) == 60
    assert await world.value("select count(*) from core.alert_delivery where attempt = 1") == 60


async def test_a_slow_receiver_delays_no_other(
    world: World, receiver: Receiver, post: Post
) -> None:
    async with Receiver().open() as slow:
        slow.answer = silence
        await raise_alerts(world, slow.url(), alerts=3 * AT_ONCE)
        await raise_alerts(world, receiver.url(), alerts=3)
        for _ in range(10):
            await post.deliverer.start_due()
        await eventually(lambda: got(receiver, 3))
        await eventually(lambda: got(slow, AT_ONCE_EACH))
        for _ in range(3):
            assert await post.deliverer.start_due() == 0
        assert len(slow.received) == AT_ONCE_EACH
        await post.deliverer.finish(within=0)


async def test_a_slow_path_delays_no_other_of_its_host(
    world: World, receiver: Receiver, post: Post
) -> None:
    """Nor does one that comes late and finds the slow one's webhooks under way."""
    over = asyncio.Event()

    async def slow_path(writer: asyncio.StreamWriter) -> None:
        slow = receiver.received[-1].line.startswith("POST /slow")
        await (over.wait() if slow else status(200)(writer))

    receiver.answer = slow_path
    await raise_alerts(world, receiver.url().replace("/hook", "/slow"), alerts=3 * AT_ONCE)
    await post.deliverer.start_due()
    await eventually(lambda: got(receiver, AT_ONCE_EACH))
    for number in range(3):
        await raise_alerts(world, receiver.url().replace("/hook", f"/{number}"), alerts=5)
    while await world.value("select count(*) from core.alert_delivery") < 15:
        await post.deliverer.start_due()
    assert len(receiver.received) == AT_ONCE_EACH + 15
    await post.deliverer.finish(within=0)
    over.set()


async def test_a_host_gets_so_many_at_once_each_path_its_first_before_anybody_s_second(
    world: World, receiver: Receiver, post: Post
) -> None:
    receiver.answer = silence
    for number in range(AT_ONCE_HOST - 2):
        url = receiver.url().replace("/hook", f"/{number}")
        await raise_alerts(world, url, alerts=AT_ONCE_EACH)
    for _ in range(3):
        await post.deliverer.start_due()
    await eventually(lambda: got(receiver, AT_ONCE_HOST))
    assert await post.deliverer.start_due() == 0
    await post.deliverer.finish(within=0)
    assert len(receiver.received) == AT_ONCE_HOST
    assert len({request.line for request in receiver.received}) == AT_ONCE_HOST - 2


async def test_no_more_than_so_many_at_once(world: World, receiver: Receiver, post: Post) -> None:
    receiver.answer = silence

    async def anywhere(host: str, port: int) -> list[str]:
        del host, port
        return ["127.0.0.1"]

    post.deliverer.sender._resolve = anywhere
    for number in range(AT_ONCE // AT_ONCE_EACH + 3):
        await raise_alerts(world, receiver.url(f"h{number}.test"), alerts=AT_ONCE_EACH)
    for _ in range(3):
        await post.deliverer.start_due()
    await eventually(lambda: got(receiver, AT_ONCE))
    assert await post.deliverer.start_due() == 0
    await post.deliverer.finish(within=0)
    assert len(receiver.received) == AT_ONCE
