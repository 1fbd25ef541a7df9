"""Metrics of processes of their own: several API workers, and the worker."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.dev.children import CommandChild
from app.runtime import multiprocess
from app.serve import free_port
from app.settings import Settings
from tests.eventually import eventually
from tests.site import NO_CERTIFICATES

HOST = "127.0.0.1"


@asynccontextmanager
async def running(settings: Settings, *command: str, **environment: str) -> AsyncIterator[None]:
    """Run a command of `groundswell` on the test's servers."""
    said: list[str] = []
    child = CommandChild(
        command[0],
        command,
        environment={
            **os.environ,
            "GROUNDSWELL_STOP_SECONDS": "0",
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            **environment,
        },
        say=lambda _, line: said.append(line),
    )
    task = asyncio.create_task(child.run())
    try:
        yield
    finally:
        assert not task.done(), said
        task.cancel()
        await asyncio.wait({task})


async def scrape(port: int) -> dict[str, float] | None:
    """Return the samples, over a connection of its own; None while nobody answers."""
    try:
        async with httpx.AsyncClient(verify=NO_CERTIFICATES) as client:
            answer = await client.get(f"http://{HOST}:{port}/metrics")
    except httpx.TransportError:
        return None
    assert answer.status_code == 200
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.usefixtures("clean")
async def test_any_api_process_shows_the_metrics_of_all(settings: Settings) -> None:
    port = free_port(HOST)
    async with running(settings, "serve", "--port", str(port), "--workers", "2"):
        await eventually(lambda: scrape(port), within=30)
        for number in range(40):
            async with httpx.AsyncClient(
                base_url=f"http://{HOST}:{port}", verify=NO_CERTIFICATES
            ) as client:
                assert (await client.get(f"/analytics/stats/{number}")).status_code == 404

        for _ in range(10):
            found = await scrape(port)
            assert found is not None
            assert found["groundswell_stats_lookups_total database"] == 40


@pytest.mark.usefixtures("clean")
async def test_the_worker_shows_its_metrics_on_a_port_of_its_own(settings: Settings) -> None:
    port = free_port(HOST)
    async with running(settings, "worker", GROUNDSWELL_WORKER_METRICS_PORT=str(port)):

        async def shown() -> bool:
            found = await scrape(port)
            return found is not None and "groundswell_stream_oldest_seconds live 0" in found

        await eventually(shown, within=30)


def test_one_api_process_needs_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(multiprocess.VARIABLE, raising=False)
    with multiprocess.metrics_folder(workers=1):
        assert multiprocess.VARIABLE not in os.environ


def test_several_share_a_folder_that_goes_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(multiprocess.VARIABLE, raising=False)
    with multiprocess.metrics_folder(workers=2):
        folder = Path(os.environ[multiprocess.VARIABLE])
        assert folder.is_dir()
    assert not folder.exists()
    assert multiprocess.VARIABLE not in os.environ


def test_a_given_folder_is_made_and_emptied(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "metrics"
    monkeypatch.setenv(multiprocess.VARIABLE, str(folder))
    for _ in range(2):
        with multiprocess.metrics_folder(workers=1):
            assert list(folder.iterdir()) == []
            (folder / "counter_1.db").touch()


def test_gauges_of_dead_processes_are_forgotten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(multiprocess.VARIABLE, str(tmp_path))
    # No process has a number beyond the kernel's limit.
    dead, alive = tmp_path / "gauge_livemin_4194305.db", f"gauge_livemin_{os.getpid()}.db"
    kept = {alive, "counter_4194305.db", "gauge_mostrecent_4194305.db"}
    for name in {dead.name, *kept}:
        (tmp_path / name).touch()
    multiprocess.forget_dead_processes()
    assert {file.name for file in tmp_path.iterdir()} == kept
