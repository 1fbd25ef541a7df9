"""Runs the HTTP API on granian."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from app.errors import InputError
from app.runtime.lifeline import end_with_parent
from app.runtime.multiprocess import metrics_folder
from app.runtime.sockets import are_connected, limit_unread, raise_file_limit
from app.runtime.stopping import DRAIN
from app.settings import Settings, read_settings

if TYPE_CHECKING:
    from app.rankings.hot_path import HotPath

_STOP_SECONDS = 5
"""How long a worker may finish its requests after SIGTERM before it is killed."""
_QUIET_SECONDS = 1.0
"""How long nobody must have been connected before a process that is asked to stop does so: by then
a balancer that asks each second knows that it is to send nobody there."""
_MOST_CONNECTIONS = 16_384
"""Of one process, as far as it may open files; beyond it, connections wait to be accepted."""
_OTHER_FILES = 256
"""What else a process may have open: the database, Redis, files."""
WAITING_SECONDS = 65
"""How long a connection may be open without the whole head of a request: one that is silent, sends
slowly, or idles. It is longer than the minute for which proxies keep idle connections, so that none
sends a request into one that is just being closed."""
UNREAD_SECONDS = 30.0
"""How long a caller may leave an answer unread before it is cut off."""
_BUFFER_BYTES = 131_072
"""What is read or written ahead on one connection."""


def serve(settings: Settings, *, workers: int) -> None:
    """Listen on the settings' host and port until SIGTERM or SIGINT.

    Raises `InputError` when the port is taken.
    """
    if not is_free(settings.host, settings.port):
        raise InputError(f"{settings.host} port {settings.port} is taken or not ours to listen on")
    server = granian_of(
        "app.serve:application",
        host=settings.host,
        port=settings.port,
        workers=workers,
        stop_seconds=settings.stop_seconds,
    )
    # Workers begin with it: one that has not started yet must not die of it.
    signal.signal(DRAIN, signal.SIG_IGN)
    with metrics_folder(workers=workers):
        server.serve()


class Server(Granian):  # type: ignore[misc, valid-type]
    """Granian, which stops only once its callers have gone for good, or after `stop_seconds`.

    By itself it closes every connection at once that has no request just then, and what its caller
    has sent meanwhile is cut.
    """

    stop_seconds = 0.0

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Let the workers say that they stop, and wait in the background; the second time, stop.

        Ctrl-C reaches the workers too, which stop by themselves.
        """
        if self.stop_seconds <= 0 or self._is_draining or signal.SIGINT in args:
            super().signal_handler_interrupt(*args, **kwargs)
            return
        self._is_draining = True
        for worker in self.wrks:
            with suppress(ProcessLookupError):
                os.kill(worker.inner.pid, DRAIN)
        threading.Thread(target=self._drain, daemon=True, name="drain").start()

    _is_draining = False

    def _drain(self) -> None:
        last = time.monotonic()
        until = last + self.stop_seconds
        while (now := time.monotonic()) < min(until, last + _QUIET_SECONDS):
            if are_connected(self.bind_port):
                last = now
            time.sleep(0.05)
        super().signal_handler_interrupt()


def granian_of(
    target: str, *, host: str, port: int, workers: int, stop_seconds: float = 0.0
) -> Server:
    """Return the server of the ASGI application that the function `target` makes.

    It speaks HTTP/1.1 only: where it would tell versions apart, a silent connection has no limit.
    """
    server = Server(
        target,
        factory=True,
        address=host,
        port=port,
        workers=workers,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=WAITING_SECONDS * 1_000, max_buffer_size=_BUFFER_BYTES
        ),
        loop=Loops.uvloop,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
        backlog=4_096,
        backpressure=min(_MOST_CONNECTIONS, raise_file_limit() - _OTHER_FILES),
    )
    server.stop_seconds = stop_seconds
    return server


def application() -> HotPath:
    """Make the API in a granian worker, which ends when granian's main process is gone."""
    from app.main import create_app  # noqa: PLC0415  # the main process needs none of it

    end_with_parent()
    limit_unread(UNREAD_SECONDS)
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
