"""docs/api-code.md: all Python and JavaScript of it, in its order, against a running API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from app.embedded.node import find_node
from app.settings import Settings
from tests.api.conftest import ADMIN_KEY
from tests.api.reference import Example
from tests.api.snippets import CODE_PAGE, headed, javascript_of, python_of, sent_by, written
from tests.eventually import eventually
from tests.site import Site
from tests.tokens import SECRET, token
from tests.uploads import s3

Run = Callable[[str, dict[str, str]], Awaitable[tuple[int, str]]]

HARNESS = """
const { createInterface } = require("node:readline");
const AsyncFunction = (async () => {}).constructor;
(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const { code, names } = JSON.parse(line);
    const run = new AsyncFunction(...Object.keys(names), `let answer;${code};return answer`);
    const answer = await run(...Object.values(names));
    console.log(JSON.stringify([answer.status, await answer.text()]));
  }
})();
"""


def test_the_page_is_made_of_the_reference() -> None:
    assert CODE_PAGE.read_text() == written(), "make it anew: python -m tests.api.snippets"


@pytest.fixture
def asked_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only the page's own refresh make lists, so that those are new."""

    async def nothing(**_: object) -> None:
        pass

    monkeypatch.setattr("app.worker.run_first_lists", nothing)


@pytest.mark.usefixtures("asked_lists", "worker")
async def test_the_python_gets_the_answers_of_the_page(settings: Settings) -> None:
    async def run(code: str, names: dict[str, str]) -> tuple[int, str]:
        known: dict[str, Any] = {"httpx": httpx, **names}
        await asyncio.to_thread(exec, code, known)
        return known["answer"].status_code, known["answer"].text

    await run_all(settings, python_of, run)


@pytest.mark.usefixtures("asked_lists", "worker")
async def test_the_javascript_gets_the_answers_of_the_page(settings: Settings) -> None:
    async with node() as run:
        await run_all(settings, javascript_of, run)


@asynccontextmanager
async def node() -> AsyncIterator[Run]:
    """Run one snippet after the other in one Node."""
    process = await asyncio.create_subprocess_exec(
        *find_node().node, "-e", HARNESS,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**20,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    into, out = process.stdin, process.stdout

    async def run(code: str, names: dict[str, str]) -> tuple[int, str]:
        into.write(json.dumps({"code": code, "names": names}).encode() + b"\n")
        line = await out.readline()
        assert line, f"Node ended over {code}"
        status, text = json.loads(line)
        return status, text

    yield run
    into.close()
    await process.wait()


@asynccontextmanager
async def without_lists(settings: Settings, own: dict[str, str]) -> AsyncIterator[Site]:
    """Run the API, which has no list to answer with yet."""
    site = Site(settings, own)
    site.awaited = "/health/live"
    try:
        await site.start()
        yield site
    finally:
        await site.stop()


async def run_all(settings: Settings, code_of: Callable[[Example], str], run: Run) -> None:
    own = {"GROUNDSWELL_ADMIN_KEY": ADMIN_KEY, "GROUNDSWELL_JWT_SECRET": SECRET}
    with s3.serving() as store:
        own |= {
            "GROUNDSWELL_UPLOAD_STORE_URL": f"http://127.0.0.1:{store.port}",
            "GROUNDSWELL_UPLOAD_BUCKET": s3.BUCKET,
            "GROUNDSWELL_UPLOAD_REGION": s3.REGION,
            "GROUNDSWELL_UPLOAD_ACCESS_KEY": s3.ACCESS_KEY,
            "GROUNDSWELL_UPLOAD_SECRET_KEY": s3.SECRET_KEY,
        }
        await run_examples(settings, own, code_of, run)


async def run_examples(
    settings: Settings, own: dict[str, str], code_of: Callable[[Example], str], run: Run
) -> None:
    async with without_lists(settings, own) as site:
        names = {"URL": site.url, "ADMIN_KEY": ADMIN_KEY, "TOKEN": token("ada")}
        for _, example in headed():
            code = code_of(example)

            async def told(code: str = code, example: Example = example) -> bool:
                status, text = await run(code, names)
                assert status == example.status, (code, text)
                if example.answer is not None:
                    found = json.loads(text)
                    assert set(found) == set(example.answer), (code, found)
                    assert found.get("nextCursor") or not example.answer.get("nextCursor"), code
                    if found.get("method") == "PUT":
                        names.update(UPLOAD=found["id"], PUT_URL=found["url"])
                    names["CURSOR"] = found.get("nextCursor") or names.get("CURSOR", "")
                return True

            # What is read may be published a moment later; what is sent is sent once.
            if sent_by(example)["method"] == "GET":
                await eventually(told, within=60)
            else:
                await told()
