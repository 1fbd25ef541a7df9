"""Runs the HTTP API on granian."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import msgspec
from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from app.errors import InputError
from app.runtime.lifeline import end_with_parent
from app.runtime.multiprocess import metrics_folder
from app.settings import Settings, read_settings

if TYPE_CHECKING:
    from app.rankings.hot_path import HotPath

_STOP_SECONDS = 5
"""How long a worker may finish its requests after SIGTERM before it is killed."""


def serve(settings: Settings, *, workers: int) -> None:
    """Listen on the settings' host and port until SIGTERM or SIGINT.

    Raises `InputError` when the port is taken.
    """
    if not is_free(settings.host, settings.port):
        raise InputError(f"{settings.host} port {settings.port} is taken or not ours to listen on")
    server = granian_of(
        "app.serve:application", host=settings.host, port=settings.port, workers=workers
    )
    with metrics_folder(workers=workers):
        server.serve()


def granian_of(target: str, *, host: str, port: int, workers: int) -> Any:  # noqa: ANN401
    """Return the server of the ASGI application that the function `target` makes."""
    return Granian(
        target,
        factory=True,
        address=host,
        port=port,
        workers=workers,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
        backpressure=512,
    )


def application() -> HotPath:
    """Make the API in a granian worker, which ends when granian's main process is gone."""
    from app.main import create_app  # noqa: PLC0415  # the main process needs none of it

    end_with_parent()
    return create_app(read_settings())


def is_free(host: str, port: int) -> bool:
    """Return whether `port` can be listened on at `host`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str) -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def with_port(settings: Settings, *, host: str | None, port: int | None) -> Settings:
    """Return `settings` with what the command line gives in place of the environment's."""
    return msgspec.structs.replace(
        settings,
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
    )
