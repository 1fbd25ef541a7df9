"""`groundswell plan` (H1)."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from app.cli.main import cli


def planned(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["plan", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_what_is_needed_and_what_is_full_first_are_told() -> None:
    told = planned("--events-per-second", "150", "--items", "50000")
    assert "database, write-ahead log" in told
    assert "full first: at" in told
    past = planned("--events-per-second", "1000000")
    assert "past it: at" in past


def test_it_is_told_to_programs() -> None:
    found = json.loads(planned("--events-per-second", "150", "--keep", "90", "--json"))
    assert found["load"]["keepDays"] == 90
    assert found["firstFull"] in [part["part"] for part in found["parts"]]
    assert {part["kind"] for part in found["parts"]} == {"cores", "share", "bytes", "bytes a day"}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--events-per-second", "0"),
        ("--events-per-second", "-1"),
        ("--events-per-second", "many"),
        ("--events-per-second", "nan"),
        ("--events-per-second", "inf"),
        ("--items", "0"),
        ("--items", "1.5"),
        ("--peak", "0.5"),
        ("--keep", "0"),
        ("--outage", "-1"),
    ],
)
def test_a_load_that_is_none_is_refused_by_name(option: str, value: str) -> None:
    given = {"--events-per-second": "1", option: value}
    words = [word for pair in given.items() for word in pair]
    done = CliRunner().invoke(cli, ["plan", *words])
    assert done.exit_code == 2
    assert option in done.output
