"""Clients made of the OpenAPI document, used against a running API, and what lint says of it."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.http.openapi import document
from app.main import create_app
from app.settings import Settings
from tests.api.conftest import ADMIN_KEY
from tests.clients.node_tools import FOLDER, NodeTools, installed
from tests.eventually import eventually
from tests.site import served


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document as a file."""
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(json.dumps(document(create_app(Settings()).app)))
    return path


@pytest.fixture(scope="module")
def node_tools(request: pytest.FixtureRequest) -> NodeTools:
    return installed(request.config.cache.mkdir("clients"))


@pytest.fixture(scope="module")
async def api_url(settings: Settings) -> AsyncIterator[str]:
    """An API with an admin key."""
    async with served(settings, GROUNDSWELL_ADMIN_KEY=ADMIN_KEY) as site:
        yield site.url


def test_redocly_finds_no_error(described: Path, node_tools: NodeTools) -> None:
    redocly = node_tools.script("@redocly/cli", "bin/cli.js")
    node_tools.run(redocly, "lint", described, cwd=described.parent)


@pytest.fixture(scope="module")
def python_client(described: Path) -> Any:
    """The package that openapi-python-client makes, without a warning.

    It tells bodies of several media types apart with isinstance, which knows no `list[…]`: events
    go as JSON alone.
    """
    told = json.loads(described.read_text())
    content = told["paths"]["/analytics/events"]["post"]["requestBody"]["content"]
    for media_type in content.keys() - {"application/json"}:
        del content[media_type]
    source = described.with_name("json_alone.json")
    source.write_text(json.dumps(told))
    made = described.with_name("made_client")
    done = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--path", str(source),
            "--meta", "none", "--output-path", str(made),
        ],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(made.parent))
        yield importlib.import_module(made.name)


@pytest.mark.usefixtures("worker")
async def test_a_python_client_records_and_reads(python_client: Any, api_url: str) -> None:
    def call(path: str) -> Any:
        return importlib.import_module(f"{python_client.__name__}.api.{path}").asyncio

    event = importlib.import_module(f"{python_client.__name__}.models").EventIn
    kinds = importlib.import_module(f"{python_client.__name__}.models").EventInType
    async with python_client.AuthenticatedClient(base_url=api_url, token=ADMIN_KEY) as client:
        events = [
            event(type_=kinds.VIEW, content_id="typed", count=3),
            event(type_=kinds.LIKE, content_id="typed"),
        ]
        recorded = await call("events.record_events")(client=client, body=events, wait=True)
        assert (recorded.accepted, recorded.duplicates) == (2, 0)
        stats = await call("stats.item_stats")("typed", client=client)
        assert (stats.views_total, stats.likes_total) == (3, 1)
        await call("admin.refresh_rankings")(client=client)

        async def listed() -> bool:
            found = await call("rankings.trending")(client=client)
            return [(item.content_id, item.views) for item in found.items] == [("typed", 3)]

        await eventually(listed)


@pytest.mark.usefixtures("worker")
async def test_a_typescript_client_records_and_reads(
    described: Path, node_tools: NodeTools, api_url: str, tmp_path: Path
) -> None:
    for name in ("flow.ts", "tsconfig.json", "package.json"):
        shutil.copy(FOLDER / name, tmp_path)
    generator = node_tools.script("openapi-typescript", "bin/cli.js")
    # What has a default may be left out.
    options: list[str | Path] = ["--default-non-nullable=false", "-o", tmp_path / "schema.ts"]
    node_tools.run(generator, described, *options, cwd=node_tools.folder)
    node_tools.run(node_tools.script("typescript", "bin/tsc"), "-p", tmp_path, cwd=tmp_path)
    said = await asyncio.to_thread(
        node_tools.run, tmp_path / "made" / "flow.js", api_url, ADMIN_KEY, cwd=tmp_path
    )
    assert json.loads(said) == [2, 3, 1, "typed", 3]
