"""Makes docs/api-code.md from docs/api.md: each of its curls as Python and as JavaScript.

`python -m tests.api.snippets` writes it; tests/served/test_api_code.py runs all of it.
"""

from __future__ import annotations

import json
import pprint
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.api.reference import BLOCK, PAGE, Example, request

CODE_PAGE = PAGE.with_name("api-code.md")
HEAD = """# The API in Python and JavaScript

Every example of [api.md](api.md), in its order, for whoever calls the API from code. Made of that
page by `python -m tests.api.snippets`, and run by a test. What is needed first:

```python
import os

import httpx

URL = os.environ["URL"]
```

```js
const URL = process.env.URL;
let answer;
```

`ADMIN_KEY` is an admin key, `TOKEN` the token of a signed-in user, `CURSOR` the `nextCursor` of
the answer before, `UPLOAD` and `PUT_URL` the id and URL of an upload. A comment tells the
status that is answered; `answer.json()` is what the curl
shows.
"""
VARIABLES = ("URL", "ADMIN_KEY", "TOKEN", "CURSOR", "UPLOAD", "PUT_URL")
WIDTH = 88


def written() -> str:
    """Return the page's text, its Python formatted as `make format` does."""
    parts = [HEAD]
    for heading, example in headed():
        if heading is not None:
            parts.append(heading + "\n")
        parts.append(f"```python\n{python_of(example)}\n# {example.status}\n```\n")
        parts.append(f"```js\n{javascript_of(example)}\n// {example.status}\n```\n")
    formatted = subprocess.run(  # our own tool
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(CODE_PAGE), "-"],
        input="\n".join(parts), capture_output=True, text=True, check=True, cwd=PAGE.parent,
    )  # fmt: skip
    return formatted.stdout


def headed() -> Iterator[tuple[str | None, Example]]:
    """Return the examples of the reference, the first below a heading with it."""
    heading: str | None = None
    pattern = rf"^(?P<heading>###? [^\n]*)$|(?P<block>{BLOCK.pattern})"
    for found in re.finditer(pattern, PAGE.read_text(), re.DOTALL | re.MULTILINE):
        if found["heading"] is not None:
            heading = found["heading"]
            continue
        command, status, answer = found.groups()[2:]
        yield heading, Example(command, int(status), json.loads(answer) if answer else None)
        heading = None


def python_of(example: Example) -> str:
    """Return the Python that sends what a curl sends."""
    sent = sent_by(example)
    arguments = [_text(sent["url"], "f")]
    if sent["headers"]:
        pairs = ", ".join(f'"{name}": {_text(of, "f")}' for name, of in sent["headers"].items())
        arguments.append(f"headers={{{pairs}}}")
    if "json" in sent:
        body = pprint.pformat(sent["json"], width=WIDTH - 9, sort_dicts=False, compact=True)
        arguments.append("json=" + body.replace("\n", "\n         "))
    elif "content" in sent:
        arguments.append(f"content={sent['content']!r}")
    method = sent["method"].lower()
    if method == "delete" and len(arguments) > 1 and "=" in arguments[-1]:
        return _call(f"answer = httpx.request({json.dumps('DELETE')}, ", arguments, ")")
    return _call(f"answer = httpx.{method}(", arguments, ")")


def javascript_of(example: Example) -> str:
    """Return the JavaScript that sends what a curl sends."""
    sent = sent_by(example)
    options = [] if sent["method"] == "GET" else [f'method: "{sent["method"]}"']
    if sent["headers"]:
        pairs = ", ".join(f'"{name}": {_text(of, "`")}' for name, of in sent["headers"].items())
        options.append(f"headers: {{ {pairs} }}")
    if "json" in sent:
        body = json.dumps(sent["json"], ensure_ascii=False)
        if len(body) > WIDTH:
            body = json.dumps(sent["json"], ensure_ascii=False, indent=2).replace("\n", "\n  ")
        options.append(f"body: JSON.stringify({body})")
    elif "content" in sent:
        options.append(f"body: {json.dumps(sent['content'])}")
    url = _text(sent["url"], "`")
    if not options:
        return f"answer = await fetch({url});"
    return _call(f"answer = await fetch({url}, {{", options, "});")


def sent_by(example: Example) -> dict[str, Any]:
    """Return what a curl sends, with the names of variables in braces."""
    names = {name: f"{{{name}}}" for name in VARIABLES}
    sent = request(example.command, names)
    if "content" in sent and sent["headers"].get("content-type", "").endswith("json"):
        try:
            sent["json"] = json.loads(sent["content"])
        except json.JSONDecodeError:
            return sent
    return sent


def _text(value: str, kind: str) -> str:
    """Return a text as it is written in code; what stands in braces is a variable."""
    if not re.search(r"\{[A-Z_]+\}", value):
        return json.dumps(value, ensure_ascii=False)
    if kind == "f":
        return "f" + json.dumps(value, ensure_ascii=False)
    return "`" + value.replace("{", "${") + "`"


def _call(begin: str, arguments: list[str], end: str) -> str:
    line = begin + ", ".join(arguments) + end
    if begin.endswith("{"):
        line = begin + " " + ", ".join(arguments) + " " + end
    if len(line) <= WIDTH and "\n" not in line:
        return line
    indent = "  " if begin.endswith("{") else "    "
    lines = "".join(f"{indent}{argument},\n" for argument in arguments)
    return f"{begin}\n{lines}{end}"


if __name__ == "__main__":
    CODE_PAGE.write_text(written())
