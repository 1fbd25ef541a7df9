"""Waiting for a condition, with a deadline instead of a guess."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")


async def eventually(
    condition: Callable[[], Awaitable[Found]], *, within: float = 10.0, every: float = 0.02
) -> Found:
    """Return the first true result of `condition`; fail with its last one after `within` seconds.

    An AssertionError of the condition counts as not yet, and is what is reported in the end.
    """
    deadline = time.monotonic() + within
    while True:
        failure: AssertionError | None = None
        result: Found | None = None
        try:
            result = await condition()
        except AssertionError as error:
            failure = error
        if result:
            return result
        if time.monotonic() > deadline:
            name = getattr(condition, "__qualname__", repr(condition))
            raise AssertionError(f"{name} gave {result!r} for {within} s") from failure
        await asyncio.sleep(every)
