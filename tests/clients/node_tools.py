"""The npm packages with which the document is checked, installed once into pytest's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.embedded.errors import EmbeddedError
from app.embedded.node import Node, find_node

FOLDER = Path(__file__).parent
ENVIRONMENT = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
UNREACHABLE = re.compile(
    r"^npm \S+ code (?:E(?:NOTFOUND|AI_AGAIN|CONN\w+|(?:NET|HOST)UNREACH|TIMEDOUT)|\w*TIMEOUT)$",
    re.MULTILINE,
)
"""What npm says where no registry answers; any other failure of it is one of the test."""


class NodeTools:
    """Commands of the packages in a folder."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.folder = folder
        self._node = node.node

    def run(self, *words: str | Path, cwd: Path) -> str:
        """Run a script of the packages with Node.js, and return what it says."""
        done = _run([*self._node, *map(str, words)], cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def script(self, package: str, path: str) -> Path:
        """Return a script of a package."""
        return self.folder / "node_modules" / package / path


def installed(cache: Path) -> NodeTools:
    """Return the packages of the lock file; skips where there is no Node.js or no registry."""
    try:
        node = find_node()
    except EmbeddedError as error:
        pytest.skip(f"needs Node.js: {error}")
    lock = FOLDER / "package-lock.json"
    folder = cache / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    stamp = folder / ".installed"
    with (folder / ".install.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(FOLDER / name, folder)
            npm = [*node.npm, "ci", "--no-progress", "--no-audit", "--loglevel=error"]
            done = _run(npm, folder)
            if done.returncode != 0 and UNREACHABLE.search(done.stderr):
                pytest.skip(f"needs the npm registry once: npm ci said {done.stderr.strip()}")
            assert done.returncode == 0, done.stdout + done.stderr
            stamp.touch()
    return NodeTools(node, folder)


def _run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ["PATH"]])
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **ENVIRONMENT, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
