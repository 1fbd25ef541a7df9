"""Receivers that answer oddly: with a redirect, without an end, with nothing, with 410."""

from __future__ import annotations

import asyncio

import pytest

from app.alerts.deliverer import AT_ONCE_EACH
from tests.alerts.conftest import Post, Receiver, log_of, raise_alerts, status
from tests.sql.world import World


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_no_redirect_is_followed(
    world: World, receiver: Receiver, post: Post, code: int
) -> None:
    receiver.answer = status(code, location=receiver.url())
    await raise_alerts(world, receiver.url())
    await post.send()
    assert len(receiver.received) == 1
    assert await log_of(world) == [(1, code, f"answered {code}", 5)]


async def test_an_endless_answer_keeps_nobody(world: World, receiver: Receiver, post: Post) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"4000\r\n" + bytes(0x4000) + b"\r\n")
            await writer.drain()

    receiver.answer = endless
    await raise_alerts(world, receiver.url())
    await asyncio.wait_for(post.send(), 5)
    assert await log_of(world) == [(1, 200, None, None)]


@pytest.mark.parametrize(
    "said", [b"\0\0\0\0\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000, b""]
)
async def test_an_answer_that_is_none_is_a_failure(
    world: World, receiver: Receiver, post: Post, said: bytes
) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()

    receiver.answer = answer
    await raise_alerts(world, receiver.url())
    await asyncio.wait_for(post.send(), 5)
    ((attempt, code, error, pause),) = await log_of(world)
    assert (attempt, code, pause) == (1, None, 5)
    assert error


async def test_a_receiver_that_is_gone_gets_no_more_until_it_is_wanted_again(
    world: World, receiver: Receiver, post: Post
) -> None:
    made = await raise_alerts(world, receiver.url(), alerts=AT_ONCE_EACH + 3)
    await world.execute("update core.alert set alert_type = 'enters_top'")
    receiver.answer = status(410)
    await post.send()
    assert len(receiver.received) == AT_ONCE_EACH
    assert await world.rows("select status, disabled_because from api.alert_overview") == [
        ("disabled", "the receiver answered 410 Gone")
    ]
    receiver.answer = status(200)
    assert await post.send() == 0
    await world.execute(
        "select * from api.change_alert(%s, null, '{\"status\": \"active\"}', '')", made
    )
    assert await post.send() == 3
    assert len(set(receiver.ids)) == AT_ONCE_EACH + 3
