"""What waits to be sent: bounded, and told apart into batches by size and time."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Literal, NamedTuple

from groundswell_client.event import Frozen
from groundswell_client.sending import FIRST_PAUSE

WhenFull = Literal["drop_newest", "drop_oldest", "wait"]


class Limits(NamedTuple):
    """When a batch goes, and how much may wait."""

    batch_size: int
    batch_bytes: int
    batch_seconds: float
    buffer_size: int
    when_full: WhenFull


class ClosedError(RuntimeError):
    """An event came after `close`."""


class Buffer:
    """Events in their order; any thread puts them in, one takes them out."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._changed = threading.Condition()
        self._waiting: deque[tuple[float, Frozen]] = deque()
        self._bytes = 0
        self._in_flight = 0
        self._taken_in = 0
        self._flushed = 0
        """So many of those taken in go without waiting for more."""
        self._closing = False
        self._deadline = float("inf")

    def put(self, frozen: Frozen, *, may_wait: bool) -> Frozen | None:
        """Take an event in; returns what had no room, this one or the oldest."""
        with self._changed:
            if self._limits.when_full == "wait" and may_wait:
                self._changed.wait_for(lambda: self._has_room() or self._closing)
            if self._closing:
                raise ClosedError("the recorder is closed")
            dropped: Frozen | None = None
            if not self._has_room():
                if self._limits.when_full != "drop_oldest" or not self._waiting:
                    return frozen
                dropped = self._pop()
            self._waiting.append((time.monotonic(), frozen))
            self._taken_in += 1
            self._bytes += len(frozen.line) + 1
            if len(self._waiting) == 1 or self._is_due():
                self._changed.notify_all()
            return dropped

    def take(self) -> list[Frozen]:
        """Wait for a batch, which is in flight until `settle`; none is the end."""
        with self._changed:
            while not self._is_due():
                if self._closing and not self._waiting:
                    return []
                self._changed.wait(self._seconds_left())
            batch = [self._pop()]
            size = len(batch[0].line)
            while self._waiting and len(batch) < self._limits.batch_size:
                size += len(self._waiting[0][1].line) + 1
                if size > self._limits.batch_bytes:
                    break
                batch.append(self._pop())
            self._in_flight = len(batch)
            return batch

    def settle(self) -> None:
        """Let the batch be no longer in flight."""
        with self._changed:
            self._in_flight = 0
            self._changed.notify_all()

    def flush(self, timeout: float | None) -> bool:
        """Let all go now, and wait until it has; false if time ran out before."""
        with self._changed:
            upto = self._flushed = self._taken_in
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._left() >= upto, timeout)

    def close(self, seconds: float) -> None:
        """Take nothing in any more, and let the rest go within so many seconds."""
        with self._changed:
            self._closing = True
            self._deadline = min(self._deadline, time.monotonic() + seconds)
            self._changed.notify_all()

    def is_over(self) -> bool:
        """Tell whether the time to send the rest has run out."""
        return time.monotonic() > self._deadline

    def pause(self, asked: float, more: float) -> bool:
        """Wait between two tries as long as asked, and some more; at the end hardly any more.

        False, at once, where the end leaves no time for it.
        """
        begun = time.monotonic()
        with self._changed:
            while True:
                until = begun + asked + (min(more, FIRST_PAUSE) if self._closing else more)
                if until > self._deadline:
                    return False
                if (left := until - time.monotonic()) <= 0:
                    return True
                self._changed.wait(left)

    def _pop(self) -> Frozen:
        frozen = self._waiting.popleft()[1]
        self._bytes -= len(frozen.line) + 1
        return frozen

    def _left(self) -> int:
        """Return how many of those taken in have gone, to the service or overboard."""
        return self._taken_in - len(self._waiting) - self._in_flight

    def _has_room(self) -> bool:
        return len(self._waiting) + self._in_flight < self._limits.buffer_size

    def _is_due(self) -> bool:
        if not self._waiting:
            return False
        return (
            self._closing
            or len(self._waiting) >= self._limits.batch_size
            or self._bytes >= self._limits.batch_bytes
            or self._left() < self._flushed
            or self._seconds_left() == 0.0
        )

    def _seconds_left(self) -> float | None:
        """Return for how long the first still waits for others, None where there is none."""
        if not self._waiting:
            return None
        return max(0.0, self._waiting[0][0] + self._limits.batch_seconds - time.monotonic())
