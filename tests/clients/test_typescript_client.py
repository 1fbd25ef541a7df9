"""clients/typescript against a running API: in Node, and in a page that is left."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.embedded.node import find_node
from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.conftest import ADMIN
from tests.browser.conftest import chromium as chromium  # noqa: PLC0414  # a fixture
from tests.clients.made_types import CLIENTS
from tests.clients.node_tools import FOLDER, NodeTools, installed
from tests.clients.relay import relayed
from tests.clients.test_python_client import has
from tests.clients.test_python_client import nobody as nobody  # noqa: PLC0414
from tests.clients.test_python_client import site as site  # noqa: PLC0414
from tests.eventually import eventually
from tests.site import Site, served

if TYPE_CHECKING:
    from playwright.async_api import Browser, Route

COMPILER: dict[str, Any] = {
    "target": "es2022", "module": "nodenext", "lib": ["es2022", "dom"], "types": [],
    "strict": True, "outDir": ".",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is built, and scenes that use its types."""
    tools: NodeTools = installed(request.config.cache.mkdir("clients"))
    folder = tmp_path_factory.mktemp("typescript")
    tsc = tools.script("typescript", "bin/tsc")
    source = CLIENTS / "typescript"
    tools.run(tsc, "-p", source, "--outDir", folder / "dist", cwd=folder)
    shutil.copy(FOLDER / "scenes.ts", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    configuration = {"compilerOptions": COMPILER, "files": ["scenes.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(configuration))
    tools.run(tsc, "-p", folder, cwd=folder)
    return folder


class Scene:
    """A scene that is played, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self) -> Any:
        """Return the next thing it says; None at its end."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        return json.loads(line) if line else None

    def go_on(self) -> None:
        """Let it go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")


@asynccontextmanager
async def playing(folder: Path, scene: str, url: str) -> AsyncIterator[Scene]:
    process = await asyncio.create_subprocess_exec(
        *find_node().node, str(folder / "scenes.js"), scene, url,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**20,
    )  # fmt: skip
    yield Scene(process)
    assert await process.wait() == 0


@pytest.mark.usefixtures("worker")
async def test_an_outage_in_the_middle_loses_and_doubles_nothing(
    built: Path, site: Site, pool: Pool
) -> None:
    async with playing(built, "outage", site.url) as scene:
        assert await scene.says() == "first"
        await site.stop()
        scene.go_on()
        assert await scene.says() == "second"
        await site.start()
        assert await scene.says() == [200, []]
    await has(pool, 200)


@pytest.mark.usefixtures("worker")
async def test_answers_that_are_lost_double_nothing(built: Path, site: Site, pool: Pool) -> None:
    async with relayed(site.url) as relay:
        relay.to_lose = 2
        async with playing(built, "several", relay.url) as scene:
            assert await scene.says() == "sent"
    assert relay.requests == 4
    await has(pool, 620)


@pytest.mark.usefixtures("worker")
async def test_a_429_waits_as_long_as_it_says(built: Path, settings: Settings, pool: Pool) -> None:
    async with (
        served(settings, GROUNDSWELL_CLIENT_RATE_LIMIT_PER_MINUTE="600") as limited,
        relayed(limited.url) as relay,
        playing(built, "several", relay.url) as scene,
    ):
        assert await scene.says() == "sent"
    assert relay.requests == 3, "one try too early, or one too many"
    await has(pool, 620)


@pytest.mark.usefixtures("worker")
async def test_what_is_rejected_is_told_with_its_reason(
    built: Path, settings: Settings, pool: Pool
) -> None:
    async with (
        served(settings, GROUNDSWELL_MAX_EVENTS="10") as small,
        playing(built, "rejected", small.url) as scene,
    ):
        (bad, first), (worse, second) = await scene.says()
    assert (bad, worse) == ("bad", "worse")
    assert first.startswith("seconds:")
    assert second.startswith("seconds:")
    await has(pool, 32)


async def test_what_has_no_room_is_told(built: Path, nobody: str) -> None:
    async with playing(built, "full", nobody) as scene:
        for dropped, kept in (("d", "abc"), ("a", "bcd")):
            said = await scene.says()
            assert said[0] == [dropped, "the buffer is full"]
            assert [content_id for content_id, _ in said[1:]] == list(kept)


@pytest.mark.usefixtures("worker")
async def test_the_end_of_a_process_sends_the_rest(built: Path, site: Site, pool: Pool) -> None:
    async with playing(built, "ends", site.url):
        pass
    await has(pool, 1)


@pytest.mark.usefixtures("worker")
async def test_counts_and_lists_are_read(built: Path, site: Site, pool: Pool) -> None:
    events = [{"type": "view", "contentId": f"a{n}", "count": 120 - n} for n in range(120)]
    async with httpx.AsyncClient(base_url=site.url, headers=ADMIN, timeout=60) as admin:
        (await admin.post("/analytics/events?wait=true", json=events)).raise_for_status()
        (await admin.post("/admin/rankings/refresh")).raise_for_status()

        async def is_listed() -> bool:
            return len((await admin.get("/analytics/trending?limit=100")).json()["items"]) == 100

        await eventually(is_listed)
    await has(pool, 120)
    async with playing(built, "reading", site.url) as scene:
        expected = [[f"a{n}" for n in range(120)], [1, 2, 3], 120, 120]
        assert await scene.says() == [*expected, "/problems/unknown-item", None]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("ends", ["left", "hidden"])
async def test_a_page_that_is_left_sends_the_rest(
    ends: str, built: Path, site: Site, pool: Pool, chromium: Browser
) -> None:
    async def file(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        await route.fulfill(
            body=(built / "dist" / name).read_text(), content_type="text/javascript"
        )

    page = await chromium.new_page()
    try:
        await page.route("**/client/*", file)
        await page.goto(f"{site.url}/problems")
        await page.evaluate(
            """async (url) => {
              const { Recorder } = await import('/client/index.js')
              const recorder = new Recorder(url, { batchTime: 3_600_000 })
              for (let n = 0; n < 200; n++) recorder.record({ type: 'view', contentId: `a${n}` })
            }""",
            site.url,
        )
        if ends == "left":
            await page.goto("about:blank")
        else:
            await page.evaluate(
                """() => {
                  Object.defineProperty(document, 'visibilityState', { value: 'hidden' })
                  document.dispatchEvent(new Event('visibilitychange'))
                }"""
            )
        await has(pool, 200)
    finally:
        await page.close()
