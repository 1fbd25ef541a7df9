import asyncio
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.dev.children import CommandChild
from app.dev.demo import DemoState, read_state, write_state
from app.dev.run import choose_port, first_of
from app.embedded.supervise import RestartPolicy
from app.errors import InputError, MigrationError, ServiceError
from tests.eventually import eventually


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


def test_the_first_error_of_nested_groups_is_told() -> None:
    error = MigrationError("broken")
    nested: list[Any] = [BaseExceptionGroup("", [error]), ServiceError("later")]
    group = BaseExceptionGroup("", nested)
    assert first_of(group) is error


def test_the_demo_remembers_its_end_and_that_it_was_replayed(tmp_path: Path) -> None:
    file = tmp_path / "data" / "demo.json"
    begun = read_state(file)
    assert not begun.replayed
    assert begun.until <= datetime.now(UTC)
    assert read_state(file) == begun
    write_state(file, DemoState(until=begun.until, replayed=True))
    assert read_state(file).replayed
