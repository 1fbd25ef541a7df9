import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli.main import cli
from app.cli.replay import Length, Moment
from app.cli.tables import shown
from app.migrate.migrate import MigrationReport
from app.migrate.report import lines_of

PROJECT = Path(__file__).parents[2]
COMMANDS = [
    "bench",
    "completion",
    "consume",
    "dead-letters",
    "dev",
    "dimensions",
    "doctor",
    "erase",
    "export",
    "import",
    "items",
    "keys",
    "labels",
    "migrate",
    "plan",
    "publish",
    "rankings",
    "replay",
    "rules",
    "serve",
    "stats",
    "status",
    "worker",
]


def groundswell(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    assert sorted(cli.commands) == COMMANDS
    assert all(command in result.output for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_its_options(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "-h"])
    assert result.exit_code == 0
    assert cli.commands[command].get_short_help_str()
    for parameter in cli.commands[command].params:
        if isinstance(parameter, click.Option) and not parameter.help:
            assert parameter.show_default, f"{parameter.name} says nothing"


def test_an_error_is_one_line_without_a_traceback() -> None:
    done = groundswell("serve", PORT="many")
    assert done.returncode == 2
    assert done.stderr.startswith("groundswell: PORT='many'")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("title", "shown_as"),
    [
        ("名探偵コナン\u3000第1話", "名探偵コナン\u3000第1話"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("👩\u200d🚀 10\u00a0km", "👩\u200d🚀 10\u00a0km"),
        ("a\x1b[2Jb\nc\u2028d\u202ee", "a\ufffd[2Jb\ufffdc\ufffdd\ufffde"),
    ],
)
def test_titles_stand_as_they_are_and_move_no_cursor(title: str, shown_as: str) -> None:
    assert shown(title) == shown_as


def test_an_unusable_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "empty.csv"
    file.write_text("date\n")
    done = groundswell("replay", str(file))
    assert done.returncode == 1
    absent = "video_id, title, channel, category, views, likes, comments"
    assert done.stderr == f"groundswell: {file}: has no column {absent}\n"


def test_a_wrong_option_is_told_with_exit_code_two() -> None:
    done = groundswell("replay", "data/README.md", "--span", "soon")
    assert done.returncode == 2
    assert "not a time such as 90s" in done.stderr


def test_a_live_replay_takes_no_span() -> None:
    done = groundswell("replay", "data/README.md", "--duration", "1m", "--span", "1d")
    assert done.returncode == 2
    assert "--duration plays from now on" in done.stderr


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("1.5h", timedelta(minutes=90)),
        ("30d", timedelta(days=30)),
    ],
)
def test_lengths_are_numbers_with_a_unit(text: str, length: timedelta) -> None:
    assert Length().convert(text, None, None) == length


@pytest.mark.parametrize("text", ["", "5", "d", "-1d", "0h", "1w"])
def test_other_lengths_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Length().convert(text, None, None)


def test_a_moment_without_a_zone_is_utc() -> None:
    moment = datetime(2026, 7, 30, 12, tzinfo=UTC)
    assert Moment().convert("2026-07-30T12:00:00", None, None) == moment
    assert Moment().convert("2026-07-30T14:00:00+02:00", None, None) == moment


def test_a_migration_report_says_what_was_done() -> None:
    report = MigrationReport(
        applied=["migrations/0001_a.sql"],
        replaced=3,
        jobs=["one", "two"],
        jobs_skipped=None,
        mended=["role x"],
        warnings=["ranking y"],
    )
    assert lines_of(report) == [
        "applied migrations/0001_a.sql",
        "replaced 3 functions and views in place",
        "scheduled one, two",
        "mended: role x",
        "look: ranking y",
    ]
    nothing = MigrationReport(
        applied=[], replaced=0, jobs=[], jobs_skipped=None, mended=[], warnings=[]
    )
    assert lines_of(nothing) == ["the database is up to date"]


@pytest.mark.parametrize(
    "command", ["keys list", "labels list", "dimensions list", "rankings list", "rules list"]
)
def test_a_database_that_is_not_there_is_one_line(command: str) -> None:
    """At once, also where the server tells it in several."""
    address = "postgresql://somebody@127.0.0.1:1/nowhere"
    done = groundswell(*command.split(), "--json", DATABASE_URL=address)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("groundswell: the database does not answer: connection failed")
    assert len(done.stderr.splitlines()) == 1


def test_whether_it_is_migrated_is_told_at_once() -> None:
    """Only migrating itself waits for a server that is just starting."""
    address = "postgresql://somebody@127.0.0.1:1/nowhere"
    begun = time.monotonic()
    done = groundswell("migrate", "--check", DATABASE_URL=address)
    assert time.monotonic() - begun < 20
    assert done.returncode == 1
    assert done.stderr.startswith("groundswell: cannot connect to the database: connection failed")
