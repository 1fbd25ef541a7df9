"""The Python and JavaScript of docs/api.md that read a series, against a running API."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from app.embedded.node import find_node
from app.runtime.pool import Pool
from app.settings import Settings
from tests.site import served
from tests.sql.world import World

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


async def printed(*command: str, url: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "URL": url}, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


@pytest.mark.usefixtures("clean")
async def test_the_code_of_the_reference_reads_a_series(
    settings: Settings, pool: Pool, tmp_path: Path
) -> None:
    (python,) = re.findall(r"```python\n((?:(?!```).)*?analytics/series.*?)```", PAGE, re.DOTALL)
    (script,) = re.findall(r"```js\n((?:(?!```).)*?analytics/series.*?)```", PAGE, re.DOTALL)
    (tmp_path / "series.mjs").write_text(script)
    async with pool.connection() as connection:
        await World(connection).item("waves")
    async with served(settings) as site:
        shown = await printed(sys.executable, "-c", python, url=site.url)
        assert shown == f"{[0] * 30}\n"
        shown = await printed(*find_node().node, str(tmp_path / "series.mjs"), url=site.url)
        assert re.findall(r"\d+", shown) == ["0"] * 30
