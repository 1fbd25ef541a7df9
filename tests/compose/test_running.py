"""compose.yaml is really run where a Docker engine answers: built, used, stopped, replaced."""

from __future__ import annotations

import asyncio
import functools
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.serve import free_port
from tests.compose.test_compose import DOCKERFILE, PROJECT, SERVICES
from tests.eventually import eventually
from tests.served.balancer import balanced
from tests.served.callers import calling
from tests.site import HOST, NO_CERTIFICATES

IMAGES = [
    *re.findall(r"^FROM ([\w./:-]+)$", DOCKERFILE, flags=re.MULTILINE),
    SERVICES["timescaledb"]["image"],
    SERVICES["redis"]["image"],
]
CONTEXT = ("app", "db", "Dockerfile", "Makefile", "compose.yaml", ".dockerignore")
SECRETS = {
    "POSTGRES_PASSWORD": "onlyatest",
    "GROUNDSWELL_DB_PASSWORD": "onlyatest",
    "REDIS_PASSWORD": "onlyatest",
}


def fails(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=30, cwd=PROJECT)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return True
    return done.returncode != 0


@functools.cache
def why_not() -> str:
    """Return what is missing for running it, or nothing."""
    if fails("docker", "compose", "version"):
        return "there is no `docker compose` here: install Docker with its compose plugin"
    if fails("docker", "info", "--format", "{{.ServerVersion}}"):
        return "no Docker engine answers: start one, or name it in DOCKER_HOST"
    missing = [image for image in IMAGES if fails("docker", "image", "inspect", image)]
    if missing:
        return f"the engine lacks images: docker pull {' '.join(missing)}"
    return ""


class Deployed:
    """A copy of the checkout, as a careful person clones it, and what runs of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = [free_port(HOST), free_port(HOST)]
        self.environment = {
            **os.environ,
            **SECRETS,
            "COMPOSE_PROJECT_NAME": f"groundswell-test-{os.getpid()}",
            "GROUNDSWELL_IMAGE": f"groundswell:test-{os.getpid()}",
            "PORT": str(self.ports[0]),
            "PORT_2": str(self.ports[1]),
            "COMPOSE_ANSI": "never",
        }

    def copy(self) -> None:
        """Copy what the image is made of, readable by nobody else."""
        known = re.findall(r"^!(\S+)$", (PROJECT / ".dockerignore").read_text(), re.MULTILINE)
        for name in {*known, *CONTEXT}:
            source, target = PROJECT / name, self.folder / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("node_modules", "__pycache__")
                shutil.copytree(source, target, ignore=ignored)
            else:
                shutil.copy(source, target)
        for path in self.folder.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)

    async def run(self, *command: str) -> str:
        """Run a command there and return what it says; fails with that if it fails."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        assert process.returncode == 0, f"{command}: {out.decode()}{errors.decode()}"
        return out.decode()

    async def compose(self, *command: str) -> str:
        """Run `docker compose`."""
        return await self.run("docker", "compose", *command)

    async def in_image(self, *command: str) -> str:
        """Run a program of the image in place of ours."""
        arguments = (
            "run",
            "--rm",
            "--entrypoint",
            command[0],
            self.environment["GROUNDSWELL_IMAGE"],
        )
        return await self.run("docker", *arguments, *command[1:])

    async def containers(self) -> set[str]:
        """Return the ids of all of them."""
        return set((await self.compose("ps", "--all", "--quiet")).split())

    async def stored(self) -> int:
        """Return how many events are in the database."""
        question = ("psql", "-U", "postgres", "-d", "groundswell", "-Atc")
        counted = "select count(*) from core.event"
        return int(await self.compose("exec", "-T", "timescaledb", *question, counted))


@pytest.fixture
async def deployed(tmp_path: Path) -> AsyncIterator[Deployed]:
    if reason := why_not():
        pytest.skip(reason)
    deployed = Deployed(tmp_path)
    deployed.copy()
    try:
        yield deployed
    finally:
        await deployed.compose("down", "--volumes", "--rmi", "local", "--timeout", "20")
        await deployed.run(
            "docker", "image", "rm", "--force", deployed.environment["GROUNDSWELL_IMAGE"]
        )


async def record(port: int, key: str) -> None:
    """Record an event and wait until it is in the database."""
    async with httpx.AsyncClient(verify=NO_CERTIFICATES, timeout=30) as client:
        answer = await client.post(
            f"http://{HOST}:{port}/analytics/events?wait=true",
            headers={"authorization": f"Bearer {key}"},
            json={"type": "view", "contentId": "compose"},
        )
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1), answer.text


@pytest.mark.skipif(fails("docker", "compose", "version"), reason="`docker compose` is not here")
def test_compose_takes_the_file() -> None:
    subprocess.run(
        ["docker", "compose", "--env-file", os.devnull, "config", "--quiet"],
        check=True, cwd=PROJECT, env={**os.environ, **SECRETS}, timeout=60,
    )  # fmt: skip


@pytest.mark.slow
async def test_from_a_clone_to_an_upgrade_without_a_failed_request(deployed: Deployed) -> None:
    await deployed.run("make", "deploy")
    made = await deployed.compose("run", "--rm", "migrate", "keys", "create", "test")
    key = re.findall(r"gsk_\S+", made)[0]
    for number, port in enumerate(deployed.ports, start=1):
        await record(port, key)
        assert await deployed.stored() == number
    await holds_what_it_should(deployed)

    before = await deployed.containers()
    await deployed.compose("up", "--wait")
    assert await deployed.containers() == before
    await deployed.compose("stop")
    await deployed.compose("up", "--wait")
    await record(deployed.ports[0], key)
    assert (await deployed.containers(), await deployed.stored()) == (before, 3)

    (deployed.folder / "app/__init__.py").write_text("'''Another version.'''\n")
    async with (
        balanced(*deployed.ports) as balancer,
        calling(balancer.port, f"authorization: Bearer {key}") as callers,
    ):
        await callers.are_answered()
        await deployed.run("make", "deploy")
        await callers.are_answered()
    # migrate, worker and both APIs are new; database and Redis are not.
    assert len(await deployed.containers() - before) == 4
    assert set(callers.answers) == {200, 202}

    async def is_stored() -> bool:
        return await deployed.stored() == 3 + callers.answers[202]

    await eventually(is_stored, within=30, every=1)


async def holds_what_it_should(deployed: Deployed) -> None:
    """Look into the image and at what migrating left behind."""
    assert (await deployed.in_image("id", "-u")).strip() == "10001"
    installed = await deployed.in_image("ls", "/opt/venv/lib/python3.12/site-packages")
    assert not {"pip", "pytest", "hypothesis", "faker", "polyfactory"} & set(installed.split())
    with pytest.raises(AssertionError, match="No module named pip"):
        await deployed.in_image("python", "-m", "pip", "--version")
    with pytest.raises(AssertionError, match="dev is for a checkout"):
        await deployed.compose("run", "--rm", "--no-deps", "api", "dev")
    compiled = await deployed.in_image("ls", "/usr/local/lib/python3.12/asyncio/__pycache__")
    assert "events.cpython-312.pyc" in compiled
    logged = await deployed.compose("logs", "--no-log-prefix", "timescaledb")
    _, _, since_set_up = logged.partition("PostgreSQL init process complete")
    assert since_set_up
    assert re.findall(r"^.*(?:ERROR|FATAL|PANIC):.*$", since_set_up, flags=re.MULTILINE) == []
