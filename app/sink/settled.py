"""Waiting until what is being published is not as it was before: for erasures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from app.errors import UnavailableError
from app.runtime.sql import Connection
from app.sink.queries import held_lanes

WAIT_SECONDS = 45.0
"""Longer than a batch may take; then whoever holds it is dead, and others read it anew."""
_LOOK_SECONDS = 0.1


async def published_anew(connect: Callable[[], AbstractAsyncContextManager[Connection]]) -> None:
    """Return once no batch is on its way that was read before; raises `UnavailableError`."""
    deadline = time.monotonic() + WAIT_SECONDS
    held: set[tuple[int, int]] | None = None
    while held is None or held:
        async with connect() as connection:
            now = {(claim.lane, claim.batch) for claim in await held_lanes(connection)}
        held = now if held is None else held & now
        if held and time.monotonic() > deadline:
            raise UnavailableError(
                "what is to be erased is being published: try again", retry_after=WAIT_SECONDS
            )
        if held:
            await asyncio.sleep(_LOOK_SECONDS)
