"""The event stream over HTTP, of an API process as in production."""

from __future__ import annotations

import asyncio

import httpx
import msgspec

from app.settings import Settings
from tests.alerting import enters_top, subscribe
from tests.alerts.listening import raise_one
from tests.eventually import eventually
from tests.site import NO_CERTIFICATES, served
from tests.sql.world import World


async def lines_of(answer: httpx.Response, lines: list[str]) -> None:
    async for line in answer.aiter_lines():
        lines.append(line)  # noqa: PERF401 - others look while it grows


async def test_over_http_it_resumes_is_limited_and_ends_with_the_server(
    world: World, settings: Settings
) -> None:
    mine = await subscribe(world, enters_top(1), ranking="trending_24h", name="Mine")
    old = await raise_one(world, mine)
    async with (
        served(settings, GROUNDSWELL_MAX_STREAMS="2") as site,
        httpx.AsyncClient(base_url=site.url, timeout=10, verify=NO_CERTIFICATES) as client,
        httpx.AsyncClient(base_url=site.url, timeout=10, verify=NO_CERTIFICATES) as one,
        httpx.AsyncClient(base_url=site.url, timeout=10, verify=NO_CERTIFICATES) as two,
    ):
        lines: list[str] = []
        path = "/alerts/stream?ranking=trending_24h"
        async with one.stream("GET", path, headers={"last-event-id": str(old - 1)}) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-cache"
            reading = asyncio.create_task(lines_of(answer, lines))

            async def arrived(alert: int) -> bool:
                assert f"id: {alert}" in lines
                return True

            await eventually(lambda: arrived(old))
            new = await raise_one(world, mine)
            await eventually(lambda: arrived(new))
            where = lines.index(f"id: {new}")
            assert lines[where + 1] == "event: alert"
            data = msgspec.json.decode(lines[where + 2].removeprefix("data: "))
            assert (data["id"], data["alert"]["name"]) == (f"alert_{new}", "Mine")

            async with two.stream("GET", path) as second:
                assert second.status_code == 200
                full = await client.get(path)
                assert full.json()["type"] == "/problems/too-many-streams"
                assert full.headers["retry-after"] == "5"

            async def has_left() -> bool:
                metrics = (await client.get("/metrics")).text
                return "groundswell_alert_streams 1.0" in metrics

            # One that has gone makes room for another.
            await eventually(has_left)
            for bad in ("?subscription=x", "?ranking="):
                assert (await client.get("/alerts/stream" + bad)).status_code == 400
            bad_id = await client.get("/alerts/stream", headers={"last-event-id": "x"})
            assert "Last-Event-ID: 'x' is no whole number" in bad_id.json()["detail"]
            # An end, not a broken connection, and at once.
            stopping = asyncio.ensure_future(site.stop())
            await asyncio.wait_for(reading, 3)
            await stopping
