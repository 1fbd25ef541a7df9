"""What an engine and its home can do, whatever is behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from app.embedded.redis import Fsync


class Engine(Protocol):
    """A running database and Redis that nobody else uses."""

    @property
    def database_url(self) -> str:
        """Its database, as superuser."""

    @property
    def redis_url(self) -> str:
        """Its Redis."""

    shares_server: bool
    """Whether the database's server has other users: it cannot be stopped, its sessions can."""

    def signal_redis(self, number: int) -> None:
        """Send Redis a signal, such as SIGSTOP."""

    def signal_database(self, number: int) -> None:
        """Send the database a signal, where it does not share a server."""

    async def kill_database(self) -> None:
        """End the database as `kill -9` does; on a shared server, its sessions and new ones."""

    async def start_database(self) -> None:
        """Bring the killed database back, on the same URL."""

    async def kill_redis(self) -> None:
        """End Redis as `kill -9` does."""

    async def start_redis(self) -> None:
        """Bring the killed Redis back, on the same URL, with what it had on disk."""

    async def heal(self) -> None:
        """Bring back what was killed, with an empty Redis."""

    async def stop(self) -> None:
        """End both and remove what they stored."""


class Home(Protocol):
    """What makes engines."""

    name: str
    """`server`, `docker` or `embedded`."""

    async def engine(
        self, folder: Path, *, empty: bool = False, fsync: Fsync = "everysec"
    ) -> Engine:
        """Start an engine that keeps its files in `folder`; `empty`: before any migration.

        `fsync` is Redis' appendfsync.
        """

    async def close(self) -> None:
        """Remove what belongs to the whole run; its engines are stopped before."""
