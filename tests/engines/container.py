"""TimescaleDB in a container, where a Docker engine answers."""

from __future__ import annotations

import asyncio
import gc
import warnings
from contextlib import suppress
from typing import Any

IMAGE = "timescale/timescaledb-ha:pg17-ts2.32"
"""As in compose.yaml; an `-oss` tag has no continuous aggregates."""

DATABASE = "groundswell"

COMMAND = (
    "postgres -c shared_preload_libraries=timescaledb,pg_cron"
    f" -c cron.database_name={DATABASE} -c cron.use_background_workers=on"
    " -c fsync=off"
)


class Container:
    """A started TimescaleDB container."""

    def __init__(self, postgres: Any) -> None:
        self._postgres = postgres
        self.url: str = postgres.get_connection_url(driver=None)

    async def stop(self) -> None:
        """Remove it with its data."""
        await asyncio.to_thread(self._postgres.stop)


async def start_container() -> Container | None:
    """Start TimescaleDB in a container; None where no Docker engine answers."""
    return await asyncio.to_thread(_start) if _docker_answers() else None


def _docker_answers() -> bool:
    import docker  # noqa: PLC0415 - slow to import, and of no use without an engine
    import docker.errors  # noqa: PLC0415

    answers = False
    with warnings.catch_warnings():
        # Its client leaves a socket that it could not connect to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        with suppress(docker.errors.DockerException):
            docker.from_env(timeout=5).close()
            answers = True
        gc.collect()
    return answers


def _start() -> Container:
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415

    postgres = PostgresContainer(
        IMAGE, username="postgres", password="groundswell", dbname=DATABASE, driver=None
    ).with_command(COMMAND)
    return Container(postgres.start())
