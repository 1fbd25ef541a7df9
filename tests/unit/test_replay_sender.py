from typing import Any

import httpx
import msgspec
import pytest

from app.errors import InputError, UnavailableError
from app.ingest.wire import EventIn
from app.items.wire import ItemIn
from app.replay.sender import BATCH, Sender

EVENT = EventIn(type="view", content_id="a")


class Api:
    """Gives the prepared answers one after another and keeps what it was sent."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def accepted(number: int = 1) -> httpx.Response:
    return httpx.Response(202, json={"accepted": number, "rejected": []})


async def send(api: Api, **options: Any) -> tuple[Any, list[tuple[str, float]]]:
    waits: list[tuple[str, float]] = []
    transport = httpx.MockTransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        sender = Sender(client, on_wait=lambda why, pause: waits.append((why, pause)), **options)
        return await sender.post_events([EVENT]), waits


async def test_the_outcome_of_each_event_is_returned() -> None:
    answer = {"accepted": 0, "rejected": [{"index": 0, "reason": "too old"}]}
    outcome, waits = await send(Api(httpx.Response(202, json=answer)))
    assert outcome.rejected[0].reason == "too old"
    assert not waits


async def test_a_busy_api_is_asked_again_with_the_same_bytes_after_retry_after() -> None:
    api = Api(httpx.Response(429, headers={"retry-after": "0"}), accepted())
    outcome, waits = await send(api)
    assert outcome.accepted == 1
    assert api.bodies[0] == api.bodies[1]
    assert [pause for _, pause in waits] == [0.05]


async def test_a_lost_connection_is_tried_again() -> None:
    outcome, waits = await send(Api(httpx.ConnectError("refused"), accepted()))
    assert outcome.accepted == 1
    assert "refused" in waits[0][0]


async def test_patience_ends() -> None:
    with pytest.raises(UnavailableError, match="503"):
        await send(Api(httpx.Response(503)), patience=0)


@pytest.mark.parametrize("asked", ["30", "Fri, 01 Jan 2100 00:00:00 GMT"])
async def test_what_the_api_asks_for_is_longer_than_some_have_patience(asked: str) -> None:
    """Ten seconds were the most that it waited, and dates it did not know."""
    api = Api(httpx.Response(503, headers={"retry-after": asked}))
    with pytest.raises(UnavailableError, match="503"):
        await send(api, patience=20)


async def test_a_refusal_is_told_with_the_problem_s_detail_and_not_repeated() -> None:
    problem = {"type": "/problems/x", "title": "t", "status": 400, "detail": "no such thing"}
    with pytest.raises(InputError, match="no such thing"):
        await send(Api(httpx.Response(400, json=problem)))


async def test_items_are_sent_in_requests_of_a_batch() -> None:
    api = Api(
        httpx.Response(200, json={"written": BATCH}), httpx.Response(200, json={"written": 1})
    )
    items = [ItemIn(content_id=str(number)) for number in range(BATCH + 1)]
    transport = httpx.MockTransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        assert await Sender(client).put_items(items) == BATCH + 1
    assert [len(msgspec.json.decode(body)) for body in api.bodies] == [BATCH, 1]
