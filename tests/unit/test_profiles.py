"""`make test` finds the same every time, and `make fuzz` something else each time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import settings

from tests import profiles
from tests.conftest import LONGEST

TESTS = Path(profiles.__file__).parent


@pytest.fixture
def loaded() -> str:
    """The name of the profile of this run."""
    return settings.get_current_profile_name()


def test_a_run_is_steady_and_keeps_nothing(loaded: str) -> None:
    steady, fuzz = (settings.get_profile(name) for name in (profiles.STEADY, profiles.FUZZ))
    assert steady.derandomize
    assert not fuzz.derandomize
    assert fuzz.print_blob
    assert (steady.database, fuzz.database) == (None, None)
    assert (steady.deadline, fuzz.deadline) == (None, None)
    assert loaded in {profiles.STEADY, profiles.FUZZ}


def test_fuzzing_takes_more_examples_of_each_test(loaded: str) -> None:
    try:
        settings.load_profile(profiles.STEADY)
        assert profiles.examples(15).max_examples == 5
        assert profiles.examples(4).max_examples == 3
        settings.load_profile(profiles.FUZZ)
        assert profiles.examples(15).max_examples == 15 * profiles.TIMES
        assert not profiles.examples(15).derandomize
    finally:
        settings.load_profile(loaded)


def test_the_files_that_begin_first_are_there() -> None:
    for name in LONGEST:
        assert (TESTS / name).exists(), name


def test_no_test_has_settings_of_its_own() -> None:
    for file in TESTS.rglob("*.py"):
        if file not in {Path(profiles.__file__), Path(__file__)}:
            imported = re.findall(r"^from hypothesis import (.*)$", file.read_text(), re.MULTILINE)
            assert "settings" not in " ".join(imported).replace(",", "").split(), file
