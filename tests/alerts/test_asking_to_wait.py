"""Receivers that ask, by `Retry-After`, to be left alone for a while, and are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.alerts.deliverer import AT_ONCE_EACH
from tests.alerts.conftest import Post, Receiver, log_of, raise_alerts, status
from tests.sql.world import AS_OF, World

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "case",
    [
        (429, "120", 120),
        (503, "120", 120),
        (429, "Sun, 15 Mar 2026 12:10:00 GMT", 600),
        # Never sooner than without it, and not for ever.
        (429, "1", 5),
        (503, "Sun, 15 Mar 2020 12:00:00 GMT", 5),
        (429, "999999999", 21_600),
        (429, "Sun, 15 Mar 2099 12:00:00 GMT", 21_600),
        (429, "soon", 5),
        # Of others it means something else.
        (301, "120", 5),
        (500, "120", 5),
    ],
)
async def test_it_is_tried_again_when_the_receiver_wants(
    world: World, receiver: Receiver, post: Post, case: tuple[int, str, int]
) -> None:
    code, header, pause = case
    receiver.answer = status(code, **{"retry-after": header})
    await raise_alerts(world, receiver.url())
    assert await post.send() == 1
    assert await log_of(world) == [(1, code, f"answered {code}", pause)]
    post.now += (pause - 1) * SECOND
    assert await post.send() == 0
    post.now += 2 * SECOND
    assert await post.send() == 1


async def test_nothing_else_is_sent_there_before_and_no_try_of_it_is_lost(
    world: World, receiver: Receiver, post: Post
) -> None:
    async with Receiver().open() as other:
        receiver.answer = status(429, **{"retry-after": "600"})
        made = await raise_alerts(world, receiver.url(), alerts=AT_ONCE_EACH + 2)
        assert await post.send() == AT_ONCE_EACH
        await world.execute("select api.test_alert(%s, %s)", made, AS_OF)
        await raise_alerts(world, other.url())
        assert await post.send() == 1
        assert len(other.received) == 1
    receiver.answer = status(200)
    post.now += 601 * SECOND
    assert await post.send() == AT_ONCE_EACH + 3
    assert {row[0] for row in await log_of(world) if row[1] == 200} == {1, 2}
    assert await world.value("select count(*) from core.alert_outbox") == 0


async def test_it_does_not_bind_the_receiver_of_another_url(
    world: World, receiver: Receiver, post: Post
) -> None:
    receiver.answer = status(503, **{"retry-after": "600"})
    made = await raise_alerts(world, receiver.url())
    await post.send()
    await world.execute("select api.test_alert(%s, %s)", made, AS_OF)
    assert await post.send() == 0
    async with Receiver().open() as other:
        await world.execute(
            "select * from api.change_alert(%s, null, jsonb_build_object('url', %s::text), '')",
            made, other.url(),
        )  # fmt: skip
        assert await post.send() == 1
        assert len(other.received) == 1
