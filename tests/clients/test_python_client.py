"""clients/python against a running API: outages, limits, rejections, the end of a process."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from app.runtime.pool import Pool
from app.settings import Settings
from groundswell_client import ClosedError, Event, Problem, Reader, Recorder
from tests.api.conftest import ADMIN, ADMIN_KEY
from tests.clients.made_types import made_types
from tests.clients.relay import relayed
from tests.eventually import eventually
from tests.site import Site, served
from tests.writing import written

Told = list[tuple[Event, str]]


@pytest.fixture(scope="module")
async def site(settings: Settings) -> AsyncIterator[Site]:
    async with served(settings, GROUNDSWELL_ADMIN_KEY=ADMIN_KEY) as site:
        yield site


@pytest.fixture
def nobody() -> str:
    """An address that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


def view(content_id: str) -> Event:
    return {"type": "view", "contentId": content_id}


def noting(told: Told) -> Callable[[Event, str], None]:
    return lambda event, reason: told.append((event, reason))


async def has(pool: Pool, rows: int) -> None:
    async def all_of_them() -> bool:
        found = await written(pool)
        assert (found.rows, found.ids) == (rows, rows)
        return True

    await eventually(all_of_them, within=30)


def test_the_types_are_those_of_the_document() -> None:
    for path, text in made_types().items():
        assert path.read_text() == text, "make them anew: python -m tests.clients.made_types"


@pytest.mark.usefixtures("worker")
async def test_an_outage_in_the_middle_loses_and_doubles_nothing(site: Site, pool: Pool) -> None:
    refused: Told = []
    with Recorder(
        site.url, batch_size=7, on_rejected=noting(refused), on_dropped=noting(refused)
    ) as recorder:
        ids = [recorder.record(view(f"a{n}")) for n in range(100)]
        await site.stop()
        ids += [recorder.record(view(f"b{n}")) for n in range(100)]
        assert not await asyncio.to_thread(recorder.flush, 0.1)
        await site.start()
        assert await asyncio.to_thread(recorder.flush, 30)
    assert refused == []
    await has(pool, len(set(ids)))


@pytest.mark.usefixtures("worker")
async def test_answers_that_are_lost_double_nothing(site: Site, pool: Pool) -> None:
    async with relayed(site.url) as relay:
        relay.to_lose = 2
        with Recorder(relay.url, batch_size=10) as recorder:
            for n in range(20):
                recorder.record(view(f"a{n}"))
            assert await asyncio.to_thread(recorder.flush, 30)
    assert relay.requests == 4
    await has(pool, 20)


@pytest.mark.usefixtures("worker")
async def test_a_429_waits_as_long_as_it_says(settings: Settings, pool: Pool) -> None:
    async with (
        served(settings, GROUNDSWELL_CLIENT_RATE_LIMIT_PER_MINUTE="600") as limited,
        relayed(limited.url) as relay,
    ):
        with Recorder(relay.url, batch_size=310) as recorder:
            begun = time.monotonic()
            for n in range(620):
                recorder.record(view(f"a{n}"))
            assert await asyncio.to_thread(recorder.flush, 60)
            # Ten of them lacked a second's worth or two, less what came while the first were sent.
            assert time.monotonic() - begun >= 1
    assert relay.requests == 3, "one try too early, or one too many"
    await has(pool, 620)


@pytest.mark.usefixtures("worker")
async def test_what_is_rejected_is_told_with_its_reason(site: Site, pool: Pool) -> None:
    told: Told = []
    with Recorder(site.url, on_rejected=noting(told)) as recorder:
        recorder.record(view("good"))
        recorder.record({"type": "watch_time", "contentId": "bad"})
        assert await asyncio.to_thread(recorder.flush, 10)
        # All of a batch: a 422.
        recorder.record({"type": "clap", "contentId": "worse"})  # type: ignore[typeddict-item]
        assert await asyncio.to_thread(recorder.flush, 10)
    assert [event["contentId"] for event, _ in told] == ["bad", "worse"]
    assert told[0][1].startswith("seconds:")
    assert told[1][1].startswith("type:")
    await has(pool, 1)


@pytest.mark.usefixtures("worker")
async def test_a_batch_that_is_too_large_goes_in_halves(settings: Settings, pool: Pool) -> None:
    async with served(settings, GROUNDSWELL_MAX_EVENTS="10") as small:
        told: Told = []
        with Recorder(small.url, batch_size=33, on_rejected=noting(told)) as recorder:
            for n in range(32):
                recorder.record(view(f"a{n}"))
            recorder.record({"type": "watch_time", "contentId": "bad"})
        assert [event["contentId"] for event, _ in told] == ["bad"]
    await has(pool, 32)


async def test_a_key_that_is_refused_is_told_at_once(settings: Settings) -> None:
    async with served(settings, GROUNDSWELL_REQUIRE_KEYS="write") as closed:
        told: Told = []
        with Recorder(closed.url, key="gsk_wrong", on_rejected=noting(told)) as recorder:
            recorder.record(view("a"))
    ((_, reason),) = told
    assert reason.startswith("401 ")


@pytest.mark.usefixtures("worker")
async def test_a_full_buffer_waits_where_it_is_told_to(site: Site, pool: Pool) -> None:
    with Recorder(site.url, buffer_size=5, when_full="wait") as recorder:

        def record() -> None:
            for n in range(50):
                recorder.record(view(f"a{n}"))

        await asyncio.to_thread(record)
    await has(pool, 50)


@pytest.mark.parametrize(
    ("when_full", "first", "kept"),
    [("drop_newest", ["d"], ["a", "b", "c"]), ("drop_oldest", ["a"], ["b", "c", "d"])],
)
def test_what_has_no_room_is_told(
    when_full: Any, first: list[str], kept: list[str], nobody: str
) -> None:
    told: Told = []
    recorder = Recorder(
        nobody, buffer_size=3, batch_size=3, batch_seconds=60, when_full=when_full,
        on_dropped=noting(told), exit_seconds=0,
    )  # fmt: skip
    # The third would be sent: three are a batch.
    recorder._limits = recorder._limits._replace(batch_size=4)
    recorder._begin()
    for content_id in "abcd":
        recorder.record(view(content_id))
    assert [event["contentId"] for event, _ in told] == first
    assert told[0][1] == "the buffer is full"
    recorder.close()
    assert [event["contentId"] for event, _ in told[1:]] == kept
    assert "before the end" in told[-1][1]
    with pytest.raises(ClosedError):
        recorder.record(view("late"))


def test_what_cannot_be_sent_is_refused_where_it_is_recorded(nobody: str) -> None:
    with Recorder(nobody) as recorder, pytest.raises(ValueError, match="JSON"):
        recorder.record({**view("a"), "seconds": float("nan")})
    with pytest.raises(ValueError, match="batch_size"):
        Recorder(nobody, batch_size=0)


def test_a_callback_that_fails_stops_nothing(nobody: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event, _reason: str) -> None:
        raise RuntimeError(event["contentId"])

    with Recorder(nobody, on_dropped=fail, exit_seconds=0) as recorder:
        recorder.record(view("a"))
        recorder.record(view("b"))
    failures = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert failures == ["a", "b"]


ENDS = """
import os, sys
from groundswell_client import Recorder
recorder = Recorder(sys.argv[1], batch_seconds=3600)
recorder.record({"type": "view", "contentId": "before"})
"""
FORKS = """
if os.fork() == 0:
    recorder.record({"type": "view", "contentId": "child"})
    recorder.close()
    os._exit(0)
os.wait()
recorder.record({"type": "view", "contentId": "after"})
"""


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("more", "code", "rows"),
    [
        ("", 0, 1),
        ("sys.exit(3)", 3, 1),
        ("raise ValueError", 1, 1),
        # A child sends its own, and not what the parent holds.
        (FORKS, 0, 3),
    ],
    ids=["ends", "exits", "raises", "forks"],
)  # fmt: skip
async def test_the_end_of_a_process_sends_the_rest(
    more: str, code: int, rows: int, site: Site, pool: Pool
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-c", ENDS + more, site.url,
        env={"PYTHONPATH": "clients/python"}, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == code
    await has(pool, rows)


@pytest.mark.usefixtures("worker")
async def test_counts_and_lists_are_read(site: Site, pool: Pool) -> None:
    with Recorder(site.url) as recorder:
        for n in range(120):
            recorder.record({"type": "view", "contentId": f"a{n}", "count": 120 - n})
    await has(pool, 120)
    async with httpx.AsyncClient(base_url=site.url, headers=ADMIN) as admin:
        (await admin.post("/admin/rankings/refresh", timeout=60)).raise_for_status()

    def read() -> None:
        with Reader(site.url) as reader:
            assert reader.stats("a0").get("viewsTotal") == 120
            some = reader.stats("a1", fields="viewsTotal")
            assert set(some) == {
                "contentId", "contentType", "viewsTotal", "asOf", "zone", "stale",
            }  # fmt: skip
            listed = [item["contentId"] for item in reader.trending(window="24h")]
            assert listed == [f"a{n}" for n in range(120)]
            assert [item["rank"] for item in reader.trending(limit=3)] == [1, 2, 3]
            (series,) = reader.series(contentId=["a0"], metrics=["views"], bucket="1d")["series"]
            assert series["buckets"][-1].get("views") == 120
            with pytest.raises(Problem, match="nobody") as unknown:
                reader.stats("nobody")
            assert (unknown.value.type, unknown.value.retry_after) == (
                "/problems/unknown-item", None,
            )  # fmt: skip
            with pytest.raises(Problem):
                reader.stats("..")

    async def is_read() -> bool:
        await asyncio.to_thread(read)
        return True

    await eventually(is_read)
