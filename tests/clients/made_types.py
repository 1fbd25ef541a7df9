"""Makes the types of both clients from the OpenAPI document: what they send, and what they read.

`python -m tests.clients.made_types` writes them; a test says whether they are current.
"""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.http.openapi import document
from app.main import create_app
from app.settings import Settings

Json = dict[str, Any]

CLIENTS = Path(__file__).parents[2] / "clients"
PYTHON_FILE = CLIENTS / "python" / "groundswell_client" / "wire.py"
ROOTS = ("Accepted", "EventIn", "ItemStats", "Series", "Trending")
ORIGIN = "Made from the OpenAPI document by `python -m tests.clients.made_types`."
PYTHON = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
TYPESCRIPT = {"integer": "number"}


def made_types() -> dict[Path, str]:
    """Return the text of each file of types."""
    schemas = dict(_needed(document(create_app(Settings()).app)["components"]["schemas"]))
    return {
        PYTHON_FILE: _formatted(_python(schemas)),
        CLIENTS / "typescript" / "src" / "wire.ts": _typescript(schemas),
    }


def _needed(schemas: Json) -> Iterator[tuple[str, Json]]:
    names, at = list(ROOTS), 0
    while at < len(names):
        found = re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schemas[names[at]]))
        names += dict.fromkeys(name for name in found if name not in names)
        at += 1
    yield from ((name, schemas[name]) for name in sorted(names))


def _python(schemas: Json) -> str:
    parts = [
        f'"""What goes over the wire.\n\n{ORIGIN}\n"""\n',
        "from __future__ import annotations\n",
        "from typing import Any, Literal, NotRequired, TypedDict\n",
    ]
    for name, schema in schemas.items():
        required = schema.get("required", ())
        fields = {
            field: kind if field in required else f"NotRequired[{kind}]"
            for field, kind in ((f, _python_type(s)) for f, s in schema["properties"].items())
        }
        text = schema["description"].split("\n")[0]
        if any(keyword.iskeyword(field) for field in fields):
            lines = "\n".join(f'        "{field}": "{kind}",' for field, kind in fields.items())
            call = f'{name} = TypedDict(\n    "{name}",\n    {{\n{lines}\n    }},\n)'
            parts.append(f'{call}\n"""{text}"""\n')
        else:
            lines = "\n".join(f"    {field}: {kind}" for field, kind in fields.items())
            parts.append(f'\nclass {name}(TypedDict):\n    """{text}"""\n\n{lines}\n\n')
    return "\n".join(parts)


def _python_type(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return f"Literal[{', '.join(repr(one) for one in schema['enum'])}]"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(map(_python_type, schema["anyOf"])))
    match schema.get("type"):
        case "array":
            return f"list[{_python_type(schema['items'])}]"
        case "object":
            return f"dict[str, {_python_type(schema['additionalProperties'])}]"
        case kind:
            return PYTHON.get(str(kind), "Any")


def _typescript(schemas: Json) -> str:
    parts = [f"// What goes over the wire. {ORIGIN}\n"]
    for name, schema in schemas.items():
        required = schema.get("required", ())
        parts.append(
            f"/** {schema['description'].split(chr(10))[0]} */\nexport interface {name} {{"
        )
        for field, described in schema["properties"].items():
            told = textwrap.wrap(f"/** {described['description']} */", 110)
            parts.extend(f"  {line}" for line in told)
            mark = "" if field in required else "?"
            parts.append(f"  {field}{mark}: {_typescript_type(described)}")
        parts.append("}\n")
    return "\n".join(parts)


def _typescript_type(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(f"'{one}'" for one in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(map(_typescript_type, schema["anyOf"])))
    kind = str(schema.get("type", "unknown"))
    if kind == "array":
        return f"{_typescript_type(schema['items'])}[]"
    if kind == "object":
        return f"Record<string, {_typescript_type(schema['additionalProperties'])}>"
    return TYPESCRIPT.get(kind, kind)


def _formatted(text: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(PYTHON_FILE), "-"],
        input=text, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


if __name__ == "__main__":
    for made, text in made_types().items():
        made.write_text(text)
