"""PostgreSQL servers of a test's own, where its programs are installed: for restores."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_preload_libraries = 'timescaledb{cron}'
timescaledb.telemetry_level = off
max_worker_processes = 24
shared_buffers = 64MB
fsync = off
log_min_messages = warning
"""


class Programs(NamedTuple):
    """PostgreSQL as it is installed on this machine."""

    folder: Path
    has_pg_cron: bool


def find_programs() -> Programs | str:
    """Return where the server's programs are, or why no server can be started here."""
    config = shutil.which("pg_config")
    if config is None:
        return "needs PostgreSQL's server programs with TimescaleDB: put their pg_config on PATH"
    asked = subprocess.run(
        [config, "--bindir", "--sharedir"], check=True, capture_output=True, text=True
    )
    folder, shared = map(Path, asked.stdout.split())
    extensions = shared / "extension"
    if not (folder / "initdb").exists():
        return f"{folder} has no initdb: install PostgreSQL's server, not only its client"
    if not (extensions / "timescaledb.control").exists():
        return f"{extensions} has no timescaledb.control: install TimescaleDB there"
    if os.geteuid() == 0 and "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        return "PostgreSQL does not start as root: run the tests as somebody else"
    return Programs(folder, (extensions / "pg_cron.control").exists())


class Cluster:
    """One server: its folder, and where it listens."""

    def __init__(self, programs: Programs, folder: Path) -> None:
        self.programs = programs
        self.data = folder
        self.port = _free_port()

    def url(self, database: str) -> str:
        """Return the URL of a database on it, for its superuser."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    async def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as who may do so."""
        root = os.geteuid() == 0
        process = await asyncio.create_subprocess_exec(
            str(self.programs.folder / program),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            user="postgres" if root else None,
            group="postgres" if root else None,
            extra_groups=[] if root else None,
            cwd=self.data.parent,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, f"{program}: {said.decode()}"

    async def initialise(self, *, cron_database: str, settings: str = "") -> None:
        """Make an empty server whose jobs run in `cron_database`."""
        await self.run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-N")
        cron = ", pg_cron" if self.programs.has_pg_cron else ""
        self.configure(SETTINGS.format(cron=cron.replace(" ", "")) + settings)
        if cron:
            self.configure(
                f"cron.database_name = '{cron_database}'\ncron.use_background_workers = on"
            )

    def configure(self, settings: str) -> None:
        """Add settings; the last of a name counts."""
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(f"\n{settings}\n")

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port}"
        log = f"{self.data}.log"
        arguments = ("-D", str(self.data), "-l", log, "-o", options, "-w", "-t", "60")
        await self.run("pg_ctl", "start", *arguments)

    async def promote(self) -> None:
        """Make a standby a primary."""
        await self.run("pg_ctl", "promote", "-D", str(self.data), "-w")

    async def stop(self, mode: str = "immediate") -> None:
        """End it, if it runs."""
        if (self.data / "postmaster.pid").exists():
            await self.run("pg_ctl", "stop", "-D", str(self.data), "-m", mode, "-w")


@contextmanager
def cluster_folder() -> Iterator[Path]:
    """Give a folder that PostgreSQL may write to, also where the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="groundswell", ignore_cleanup_errors=True) as name:
        if os.geteuid() == 0:
            shutil.chown(name, "postgres", "postgres")
        yield Path(name)


def copy_files(source: Path, target: Path) -> None:
    """Copy a stopped server's folder, owners and all."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
