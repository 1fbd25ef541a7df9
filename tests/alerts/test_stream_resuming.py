"""Odd ways in which clients come to the event stream, and come back to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from app.settings import Settings
from tests.alerting import enters_top, subscribe
from tests.alerts.listening import raise_one
from tests.eventually import eventually
from tests.site import HOST, NO_CERTIFICATES, Site, served
from tests.sql.world import World

STREAM = "/alerts/stream"


@pytest.fixture
async def site(world: World, settings: Settings) -> AsyncIterator[Site]:  # noqa: ARG001
    async with served(settings, GROUNDSWELL_MAX_STREAMS="3") as site:
        yield site


async def first_ids(client: httpx.AsyncClient, last: str, count: int) -> list[int]:
    """Return the first ids that a stream sends to who has heard `last`."""
    ids: list[int] = []
    async with client.stream("GET", STREAM, headers={"last-event-id": last}) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                ids.append(int(line[4:]))
            if len(ids) == count:
                break
    return ids


async def test_whatever_a_client_comes_back_with(site: Site, world: World) -> None:
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    gone = await raise_one(world, mine)
    await world.execute("delete from core.alert")
    kept = [await raise_one(world, mine) for _ in range(2)]
    async with httpx.AsyncClient(base_url=site.url, timeout=10, verify=NO_CERTIFICATES) as client:
        # What it has heard last is kept no more: it is sent what is.
        assert await first_ids(client, str(gone), 2) == kept
        # Nothing heard yet, as polyfills say it, is as without the header.
        later = asyncio.create_task(first_ids(client, "", 1))

        async def heard() -> int | None:
            new = await raise_one(world, mine)
            return new if later.done() else None

        newest = await eventually(heard)
        assert newest is not None
        assert later.result()[0] >= kept[-1]
        for bad in ("x", "-1", "1.5", "1e3", str(2**63), "0x1", "١"):  # noqa: RUF001
            answer = await client.get(STREAM, headers={b"last-event-id": bad.encode()})
            assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-request")
            assert "Last-Event-ID" in answer.json()["detail"]


async def test_a_head_ends_at_once_and_takes_no_seat(site: Site) -> None:
    """Monitors ask so; a stream without a body to write would never notice that they have gone."""
    async with httpx.AsyncClient(base_url=site.url, timeout=10, verify=NO_CERTIFICATES) as client:
        for _ in range(5):
            answer = await client.head(STREAM)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")

        async def none_left() -> bool:
            return "groundswell_alert_streams 0.0" in (await client.get("/metrics")).text

        await eventually(none_left)


async def test_clients_that_come_back_at_once_in_a_loop_leave_seats(site: Site) -> None:
    """Each hangs up as soon as it is answered; all seats are there again in the end."""
    async with httpx.AsyncClient(base_url=site.url, timeout=10, verify=NO_CERTIFICATES) as client:

        async def come_and_go() -> None:
            for _ in range(20):
                async with client.stream("GET", STREAM) as answer:
                    assert answer.status_code in {200, 429, 503}

        await asyncio.gather(*(come_and_go() for _ in range(8)))

        async def seats() -> bool:
            async with client.stream("GET", STREAM) as one, client.stream("GET", STREAM) as two:
                return one.status_code == two.status_code == 200

        await eventually(seats)


async def test_a_caller_whose_connection_breaks_leaves_no_trace(site: Site, world: World) -> None:
    """Whatever its stream does then: the process writes no traceback (see `Site.stop`)."""
    mine = await subscribe(world, enters_top(1), ranking="trending_24h")
    await raise_one(world, mine)
    head = f"GET {STREAM} HTTP/1.1\r\nHost: {site.url[7:]}\r\n"
    async with httpx.AsyncClient(base_url=site.url, timeout=10, verify=NO_CERTIFICATES) as client:

        async def none_left() -> bool:
            return "groundswell_alert_streams 0.0" in (await client.get("/metrics")).text

        for last in ("", "Last-Event-ID: 0\r\n", f"Last-Event-ID: {2**62}\r\n"):
            # As many as there are seats.
            for heard in (0, 1, 400):
                reader, writer = await asyncio.open_connection(HOST, site.port)
                writer.write(f"{head}{last}\r\n".encode())
                if heard:
                    assert b"HTTP/1.1 200" in await reader.read(heard) + await reader.read(400)
                writer.transport.abort()
            await eventually(none_left)
