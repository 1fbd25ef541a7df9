"""Callers who are silent, slow, idle or many cost nobody else an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

import pytest

from app.runtime.sockets import are_connected
from tests.eventually import eventually
from tests.served.conftest import Connection, Served, ask

Serve = Callable[..., Awaitable[Served]]

pytestmark = pytest.mark.usefixtures("clean")

HEAD = b"host: localhost\r\n"
SLOW_HEAD = b"GET /health/live HTTP/1.1\r\n" + HEAD + b"x-slow: "
SLOW_BODY = (
    b"POST /analytics/events HTTP/1.1\r\n" + HEAD + b"content-type: application/json\r\n"
    b"content-length: 1900000\r\n\r\n" + b"[" * 100_000
)
BROKEN = (
    b"POST /analytics/events HTTP/1.1\r\n" + HEAD + b"transfer-encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\nno size\r\n"
)
UNREAD = (b"GET /schema/openapi.json HTTP/1.1\r\n" + HEAD + b"\r\n") * 12
LIMITS = """
from app import serve
serve.WAITING_SECONDS, serve.UNREAD_SECONDS = 1, 1
from app.cli.main import main
main()
"""
"""Runs `groundswell` with times that a test can wait for."""


async def hold(served: Served, number: int, sent: bytes) -> list[Connection]:
    """Open connections that send something and read nothing."""

    async def one() -> Connection:
        reader, writer = await served.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(sent)
        return reader, writer

    held: list[Connection] = []
    while len(held) < number:
        held += await asyncio.gather(*(one() for _ in range(min(50, number - len(held)))))
    return held


async def test_a_crowd_of_bad_callers_costs_nobody_an_answer(serve: Serve) -> None:
    served = await serve()
    held = [await served.connect() for _ in range(1_000)]
    for reader, writer in held:
        assert (await ask(reader, writer, "/health/live"))[0] == 200
    for number, sent in ((300, b""), (300, SLOW_HEAD), (300, SLOW_BODY), (200, UNREAD)):
        held += await hold(served, number, sent)

    taken = []
    for _ in range(9):
        began = time.monotonic()
        assert (await served.ask("/health/live"))[0] == 200
        taken.append(time.monotonic() - began)
        assert (await served.ask("/items", source="127.0.0.2"))[0] == 200
    assert median(taken) < 0.25
    # Those who idle were not given up for the others.
    for reader, writer in held[:1_000]:
        assert (await ask(reader, writer, "/health/live"))[0] == 200


async def test_who_keeps_it_waiting_is_cut_off(serve: Serve) -> None:
    served = await serve("-c", LIMITS)
    held = [await served.connect() for _ in range(3)]
    held[1][1].write(SLOW_HEAD)
    await ask(*held[2], "/health/live")
    async with asyncio.timeout(5):
        assert [await reader.read() for reader, _ in held] == [b"", b"", b""]

    # A chunk that is none is the caller's fault, and told.
    reader, writer = await served.connect()
    writer.write(BROKEN)
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"/problems/broken-body" in answer

    await hold(served, 1, UNREAD * 40)

    async def is_cut_off() -> bool:
        return not are_connected(served.port)

    assert are_connected(served.port)
    await eventually(is_cut_off, within=20)
