"""docs/quickstart.md: its commands, in their order, print what it shows; its pages are there."""

from __future__ import annotations

import asyncio
import json
import os
import re

import httpx
import pytest

from app.settings import Settings
from tests.api.reference import fits
from tests.docs.reference_page import ROOT
from tests.eventually import eventually
from tests.site import Site, served

PAGE = (ROOT / "docs" / "quickstart.md").read_text()
HERE = "http://127.0.0.1:8000"
BLOCK = re.compile(r"```sh\n(.*?)```(?:\n\n```(json|text)\n(.*?)```)?", re.DOTALL)
CHANGES = ("POST", "PUT", "-d ", "apply", "refresh")
"""What makes a command one that is run once; what only reads may show it a moment later."""


def like(shown: str, printed: str) -> bool:
    """Tell whether the lines shown are printed, in their order; … is anything."""
    lines = iter(" ".join(line.split()) for line in printed.splitlines())
    patterns = [".+".join(map(re.escape, line.split("…"))) for line in shown.splitlines()]
    return all(any(re.fullmatch(each, line) for line in lines) for each in patterns)


@pytest.mark.usefixtures("worker")
async def test_the_story_is_true(settings: Settings) -> None:
    first, *story = BLOCK.findall(PAGE)
    assert first[0] == "make run DEMO=0\n"
    async with served(settings) as site:
        for command, kind, shown in story:

            async def told(command: str = command, kind: str = kind, shown: str = shown) -> bool:
                printed = await output(command, site, settings)
                if kind == "json":
                    assert fits(json.loads(shown), json.loads(printed)), (command, printed)
                else:
                    assert like(shown, printed), (command, printed)
                return True

            if any(word in command for word in CHANGES):
                await told()
            else:
                await eventually(told, within=60)
        async with httpx.AsyncClient() as client:
            for address in set(re.findall(rf"<({HERE}[^>]*)>", PAGE)):
                there = await client.get(address.replace(HERE, site.url), follow_redirects=True)
                assert there.status_code == 200, address


async def output(command: str, site: Site, settings: Settings) -> str:
    process = await asyncio.create_subprocess_exec(
        "bash", "-euc", command.replace(HERE, site.url),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT),
            "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url,
        },
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode == 0, command
    return printed.decode()


def test_lines_are_compared_as_words() -> None:
    assert like("a … c\nd\n", "b\na   b b c\nx\nd\n")
    assert not like("d\na\n", "a\nd\n")
    assert not like("a … c\n", "a c\n")
