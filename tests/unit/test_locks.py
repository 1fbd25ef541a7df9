"""What is installed: pinned with hashes, and each of it with a licence that somebody has read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==\S+(.*(?:\n .*)*)", re.MULTILINE)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_pin_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pins = PINNED.findall(text)
    assert len(pins) > 30
    assert [name for name, rest in pins if "--hash=sha256:" not in rest] == []
    assert "://" not in text, "no address of a registry"


def test_both_locks_pin_the_same() -> None:
    run, dev = (
        set(re.findall(r"^[A-Za-z0-9_.-]+==[^\s\\]+", (ROOT / lock).read_text(), re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    )
    assert run <= dev


def test_the_licence_of_every_package_is_told() -> None:
    told = (ROOT / "docs" / "licences.md").read_text()
    names = [name for name, _ in PINNED.findall((ROOT / "requirements.lock").read_text())]
    assert [name for name in names if f"`{name}`" not in told] == []
