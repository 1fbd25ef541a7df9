"""`groundswell bench`: what it measures, what it prints, and whom it leaves alone (F4)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from click.testing import CliRunner, Result

from app.cli.main import cli
from app.settings import Settings
from tests.site import NO_CERTIFICATES, Site, served

SHORT = ("--seconds", "0.5", "--clients", "2")
pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    async with served(settings) as site:
        yield site


async def bench(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, cli, ("bench", *arguments))


@pytest.mark.usefixtures("worker")
async def test_it_measures_an_empty_installation_and_may_do_so_again(site: Site) -> None:
    done = await bench("--url", site.url, "--json", *SHORT)
    assert done.exit_code == 0, done.output
    rates = json.loads(done.stdout)
    assert [each["case"] for each in rates] == [
        "accept 100 events", "accept one view", "read trending", "read stats",
    ]  # fmt: skip
    for each in rates:
        assert each["requestsPerSecond"] > 0
        assert 0 < each["p50Ms"] <= each["p99Ms"]
        assert each["refused"] == 0
    assert rates[0]["eventsPerSecond"] == pytest.approx(
        100 * rates[0]["requestsPerSecond"], rel=0.01
    )
    assert rates[2]["eventsPerSecond"] is None
    # What it left behind is its own, so that it may go on.
    async with httpx.AsyncClient(base_url=site.url, verify=NO_CERTIFICATES) as client:
        items = (await client.get("/items", params={"limit": 100})).json()["items"]
    assert {item["contentType"] for item in items} <= {"bench"}
    again = await bench("--url", site.url, *SHORT)
    assert again.exit_code == 0, again.output
    assert "REQUESTS/S" in again.stdout
    assert "read stats" in again.stdout


@pytest.mark.usefixtures("worker")
async def test_it_leaves_an_installation_with_items_alone_unless_told(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url, verify=NO_CERTIFICATES) as client:
        await client.put("/items", json={"contentId": "waves"})
        refused = await bench("--url", site.url, *SHORT)
        assert refused.exit_code == 1
        assert "--anyway" in str(refused.exception)
        assert len((await client.get("/items")).json()["items"]) == 1
    allowed = await bench("--url", site.url, "--anyway", "--json", *SHORT)
    assert allowed.exit_code == 0, allowed.output


async def test_what_it_cannot_measure_it_says(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = await bench("--url", "http://127.0.0.1:9", *SHORT)
    assert gone.exit_code == 1
    assert "does not answer" in str(gone.exception)
    monkeypatch.setattr(Site, "awaited", "/health/ready")
    async with served(settings, GROUNDSWELL_REQUIRE_KEYS="all") as closed:
        told = await bench("--url", closed.url, *SHORT)
    assert told.exit_code == 1
    assert "refuses GET /items" in str(told.exception)
    assert (await bench("--clients", "65")).exit_code == 2
