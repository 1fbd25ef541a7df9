"""docs/api.md, or another page, as data: its curls with the statuses and answers that they show."""

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


def read_examples(page: Path = PAGE) -> list[Example]:
    """Return every example of a page, in its order."""
    return [
        Example(command, int(status), json.loads(answer) if answer else None)
        for command, status, answer in BLOCK.findall(page.read_text())
    ]


def fits(shown: Any, found: Any) -> bool:
    """Tell whether an answer has the fields and words shown: an item's may be left out at the end,
    and … stands for anything. Numbers and lists may differ."""
    if isinstance(shown, dict):
        return isinstance(found, dict) and all(
            name in found and fits(value, found[name]) for name, value in shown.items()
        )
    if isinstance(shown, list):
        return isinstance(found, list) and all(map(fits, shown, found))
    if isinstance(shown, str) and isinstance(found, str):
        return re.fullmatch(".*".join(map(re.escape, shown.split("…"))), found) is not None
    if isinstance(shown, bool) or shown is None:
        return shown is found
    return isinstance(found, int | float)


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
