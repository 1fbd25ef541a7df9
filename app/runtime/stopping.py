"""Hearing that this process is asked to stop, beside the server that acts on it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

DRAIN = signal.SIGUSR1
"""What the server's main process sends to its workers before it ends them: no more is to come."""


class Stopping:
    """Whether this process is asked to stop; what it is asked meanwhile it still answers."""

    def __init__(self) -> None:
        self.is_asked = False

    def ask(self) -> None:
        """Note it."""
        self.is_asked = True


@contextmanager
def when_stopping(*then: Callable[[], None]) -> Iterator[None]:
    """Call `then` in the loop on `DRAIN`, SIGTERM or SIGINT, and leave the rest to who is there.

    A server waits for its requests to end before it ends the lifespan: an endless answer must hear
    of it earlier. Loops hear of signals by a file, not by the handler that is wrapped here.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (DRAIN, signal.SIGTERM, signal.SIGINT)}

    def handle(number: int, frame: FrameType | None) -> None:
        for call in then:
            loop.call_soon_threadsafe(call)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        elif handler is signal.SIG_DFL and number != DRAIN:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number, handler in before.items():
        # None is a handler that was not set by Python: it could not be called.
        if handler is not None:
            signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is handle:
                signal.signal(number, handler)
