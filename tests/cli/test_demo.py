"""`groundswell dev --demo`, as a newcomer meets it: started twice on one folder, all of it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from app.dev.filling import empty_lists
from app.embedded import copy_data
from app.serve import free_port
from tests.eventually import eventually
from tests.site import NO_CERTIFICATES

TROUBLE = re.compile(r"Traceback|\[(warning|error|critical)|cancellation|refused|still without")
"""What nobody should read in the log until it is ready."""


class Started:
    """A `dev` that is ready: what it said until then, and where it is."""

    def __init__(self, lines: list[str], client: httpx.AsyncClient) -> None:
        self.lines = lines
        self.client = client

    @property
    def token(self) -> str:
        (line,) = (line for line in self.lines if "TOKEN=" in line)
        return line.partition("TOKEN=")[2]


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Started]:
    port = free_port("127.0.0.1")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "dev", "--demo", "--data", str(folder)),
        env={"PATH": os.environ["PATH"], "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    lines: list[str] = []

    async def read_on(output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            lines.append(line.decode().rstrip())

    reading = asyncio.create_task(read_on(process.stdout))
    try:

        async def is_ready() -> bool:
            assert process.returncode is None, lines
            return any("live traffic:" in line for line in lines)

        await eventually(is_ready, within=480)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", verify=NO_CERTIFICATES, timeout=30
        ) as client:
            yield Started(lines, client)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()
        await reading
    assert process.returncode == 0, lines
    ready = next(place for place, line in enumerate(lines) if "live traffic:" in line)
    assert not [line for line in lines[:ready] if TROUBLE.search(line)]
    assert not [line for line in lines if "Traceback" in line]


async def test_ready_means_filled_also_the_second_time(empty_folder: Path, tmp_path: Path) -> None:
    copy_data(empty_folder, tmp_path)
    async with started(tmp_path) as dev:
        assert await empty_lists(dev.client) == []
        await what_the_guest_has(dev)
        await a_first_event_is_seen(dev.client)
        token = dev.token
    async with started(tmp_path) as again:
        assert await empty_lists(again.client) == []
        assert not any("events of" in line for line in again.lines)
        headers = {"authorization": f"Bearer {token}"}
        assert (await again.client.get("/items/liked", headers=headers)).json()["items"]


async def what_the_guest_has(dev: Started) -> None:
    """The token that is printed opens what needs a user, and there is something to see."""
    headers = {"authorization": f"Bearer {dev.token}"}
    for path in ("/me/history", "/items/liked", "/recommendations"):
        answer = await dev.client.get(path, headers=headers)
        assert answer.json()["items"], path
    recommended = (await dev.client.get("/recommendations", headers=headers)).json()["items"]
    assert "coEngagement" in {item["source"] for item in recommended}
    first = (await dev.client.get("/items/liked", headers=headers)).json()["items"][0]
    liked = f"/items/{first['contentId']}/like"
    parameters = {"contentType": first["contentType"]}
    before = (await dev.client.get(liked, headers=headers, params=parameters)).json()
    after = (await dev.client.delete(liked, headers=headers, params=parameters)).json()
    assert (before["hasLiked"], after["hasLiked"]) == (True, False)
    assert after["likesCount"] == before["likesCount"] - 1


async def a_first_event_is_seen(client: httpx.AsyncClient) -> None:
    """The README's events are in stats and in lists within seconds, with the demo beside them."""
    sent = [
        {"type": "view", "contentId": "my-video", "count": 20_000},
        {"type": "like", "contentId": "my-video", "userId": "ada"},
    ]
    assert (await client.post("/analytics/events", json=sent)).json()["accepted"] == 2

    async def counted() -> bool:
        answer = await client.get("/analytics/stats/my-video")
        return answer.is_success and answer.json()["viewsToday"] == 20_000

    async def ranked() -> bool:
        answer = await client.get("/analytics/trending", params={"window": "1h", "limit": 5})
        return "my-video" in [item["contentId"] for item in answer.json()["items"]]

    await eventually(counted, within=30)
    await eventually(ranked, within=60)
