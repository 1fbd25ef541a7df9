"""Watches an embedded server: restarts it after a crash, gives up when it keeps crashing."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from app.embedded.errors import EmbeddedError

log = structlog.get_logger(__name__)


class Service(Protocol):
    """A server that can be started again, on the same port, after it has ended."""

    @property
    def name(self) -> str:
        """The name used in log lines."""

    async def start(self) -> None:
        """Start it and wait until it is ready."""

    async def wait(self) -> int:
        """Wait until it has ended."""


@dataclass(frozen=True, kw_only=True)
class RestartPolicy:
    """How often a crashed server is started again, in seconds."""

    crashes: int = 5
    within: float = 60.0
    first_pause: float = 0.2
    longest_pause: float = 5.0


DEFAULT_POLICY = RestartPolicy()


async def watch(
    service: Service,
    policy: RestartPolicy = DEFAULT_POLICY,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Keep a started service running; return one line saying why, once it is given up."""
    crashes: deque[float] = deque(maxlen=policy.crashes)
    while True:
        code = await service.wait()
        crashes.append(clock())
        if len(crashes) == policy.crashes and crashes[-1] - crashes[0] < policy.within:
            reason = f"{service.name} crashed {policy.crashes} times in {policy.within:.0f} s"
            log.error("given up", service=service.name, reason=reason, exit_code=code)
            return reason
        recent = sum(1 for at in crashes if clock() - at < policy.within)
        pause = min(policy.first_pause * 2 ** (recent - 1), policy.longest_pause)
        log.warning("crashed, starting again", service=service.name, exit_code=code, pause=pause)
        await asyncio.sleep(pause)
        problem = await _start_again(service)
        if problem is not None:
            log.error("given up", service=service.name, reason=problem)
            return problem
        log.info("running again", service=service.name)


async def _start_again(service: Service) -> str | None:
    try:
        await service.start()
    except EmbeddedError as error:
        return str(error)
    return None
