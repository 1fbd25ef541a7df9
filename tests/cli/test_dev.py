import asyncio
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from app.cli.main import cli
from app.dev.children import CommandChild
from app.dev.filling import DemoState, read_state, write_state
from app.dev.run import Dev, choose_port, first_of
from app.embedded import copy_data, embedded_timescaledb
from app.embedded.supervise import RestartPolicy
from app.errors import InputError, MigrationError, ServiceError
from tests.eventually import eventually
from tests.fingerprint import row_versions


def child_of(*arguments: str, said: list[tuple[str, str]]) -> CommandChild:
    return CommandChild(
        "child", arguments, environment=dict(os.environ), say=lambda *line: said.append(line)
    )


async def test_a_child_s_lines_are_passed_on_and_its_crashes_end_in_one_error() -> None:
    said: list[tuple[str, str]] = []
    child = child_of("no-such-command", said=said)
    with pytest.raises(ServiceError, match="child crashed 2 times"):
        await child.run(RestartPolicy(crashes=2, within=60, first_pause=0.01))
    assert sum("No such command" in text for _, text in said) == 2
    assert {name for name, _ in said} == {"child"}


async def test_a_cancelled_child_is_stopped() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said: list[tuple[str, str]] = []
    child = child_of("serve", "--port", str(port), said=said)
    running = asyncio.create_task(child.run())

    async def listens() -> bool:
        if running.done():
            pytest.fail(f"the API ended: {said}")
        return not _is_free(port)

    await eventually(listens, within=30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert _is_free(port)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_given_port_that_is_taken_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}"):
            choose_port("127.0.0.1", port)
    assert choose_port("127.0.0.1", port) == port


def test_the_port_that_the_error_names_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Dev] = []

    async def run_dev(wanted: Dev) -> None:
        asked.append(wanted)

    monkeypatch.setattr("app.dev.run.run_dev", run_dev)
    for arguments, port in (((), 8123), (("--port", "8124"), 8124)):
        done = CliRunner().invoke(cli, ("dev", *arguments), env={"PORT": "8123"})
        assert done.exit_code == 0, done.output
        assert asked.pop().port == port


def test_the_first_error_of_nested_groups_is_told() -> None:
    error = MigrationError("broken")
    nested: list[Any] = [BaseExceptionGroup("", [error]), ServiceError("later")]
    group = BaseExceptionGroup("", nested)
    assert first_of(group) is error


def test_the_demo_remembers_its_end_and_that_it_was_filled_in(tmp_path: Path) -> None:
    file = tmp_path / "data" / "demo.json"
    begun = read_state(file)
    assert not begun.is_filled
    assert begun.since is None
    assert begun.until <= datetime.now(UTC)
    assert read_state(file) == begun
    write_state(file, DemoState(until=begun.until, is_filled=True))
    assert read_state(file).is_filled


async def test_a_data_folder_from_before_the_baseline_is_refused_and_left_as_it_is(
    empty_folder: Path, tmp_path: Path
) -> None:
    copy_data(empty_folder, tmp_path)
    older = "create schema core; create table public.schema_migration (version text primary key)"
    versions = []
    for statement in (older, "select"):
        async with (
            embedded_timescaledb(tmp_path) as database,
            await psycopg.AsyncConnection.connect(
                database.url, autocommit=True, prepare_threshold=None
            ) as connection,
        ):
            await connection.execute(statement)
            versions.append(await row_versions(connection, "core", "agg", "api", "public"))
        if statement is older:
            dev = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app", "dev", "--data", str(tmp_path), "--no-demo"),
                env={"PATH": os.environ["PATH"]},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            _, told = await dev.communicate()
            assert dev.returncode == 1
            lines = [line for line in told.decode().splitlines() if "groundswell: " in line]
            assert len(lines) == 1
            assert lines[0].startswith("groundswell: this database is from before the baseline")
            assert b"Traceback" not in told
    assert versions[0] == versions[1]
