"""docs/api.md as data: its curls with the statuses and answers that they show."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"```sh\n(curl (?:(?!```).)*?)\n# (\d{3})(?: (\{[^\n]*\}))?\n```", re.DOTALL)


class Example(NamedTuple):
    """A curl of the page, with the status and the answer that it shows."""

    command: str
    status: int
    answer: Any


def read_examples() -> list[Example]:
    """Return every example of the page, in its order."""
    return [
        Example(command, int(status), json.loads(answer) if answer else None)
        for command, status, answer in BLOCK.findall(PAGE.read_text())
    ]


def request(command: str, variables: dict[str, str]) -> dict[str, Any]:
    """Return what a curl would send, as arguments of httpx."""
    words = shlex.split(command.replace("\\\n", " "))
    for name, value in variables.items():
        words = [word.replace(f"${name}", value) for word in words]
    assert words.pop(0) == "curl"
    sent: dict[str, Any] = {"method": None, "headers": {}}
    while words:
        match words.pop(0):
            case "-s":
                pass
            case "-X":
                sent["method"] = words.pop(0)
            case "-H":
                name, value = words.pop(0).split(": ")
                sent["headers"][name] = value
            case "-d":
                sent["content"] = words.pop(0)
            case url:
                assert "$" not in url
                sent["url"] = url
    sent["method"] = sent["method"] or ("POST" if "content" in sent else "GET")
    return sent
