"""Records events from any thread; a thread of its own sends them."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from typing import Self

import httpx

from groundswell_client.buffer import Buffer, Limits, WhenFull
from groundswell_client.event import Event, Frozen, freeze
from groundswell_client.forking import Quiet
from groundswell_client.sending import Delivery, Outcome

log = logging.getLogger("groundswell_client")

Told = Callable[[Event, str], None]
NO_ROOM = "the buffer is full"
NO_TIME = "the service could not be reached before the end"


class Recorder:
    """Sends events to a Groundswell service, each once.

    `record` waits for nothing (unless `when_full` is `wait`). A batch goes when it has `batch_size`
    events or `batch_bytes`, or when its first is `batch_seconds` old. What the service rejects is
    told to `on_rejected` with the reason; what the buffer has no room for, or was not sent within
    `exit_seconds` at the end, to `on_dropped`. They run in the sending thread, or in the caller's
    where an event is dropped at once; without them a line is logged.
    """

    def __init__(  # noqa: PLR0913  # they are named, and most stay as they are
        self,
        url: str,
        *,
        key: str | None = None,
        batch_size: int = 500,
        batch_bytes: int = 500_000,
        batch_seconds: float = 1.0,
        buffer_size: int = 50_000,
        when_full: WhenFull = "drop_newest",
        on_rejected: Told | None = None,
        on_dropped: Told | None = None,
        timeout: float = 10.0,
        exit_seconds: float = 5.0,
    ) -> None:
        if min(batch_size, batch_bytes, buffer_size) < 1:
            raise ValueError("batch_size, batch_bytes and buffer_size: use 1 or more")
        size = min(batch_size, buffer_size)
        self._limits = Limits(size, batch_bytes, batch_seconds, buffer_size, when_full)
        self._url = url
        self._headers = {} if key is None else {"authorization": f"Bearer {key}"}
        self._on_rejected = on_rejected
        self._on_dropped = on_dropped
        self._timeout = timeout
        self._exit_seconds = exit_seconds
        self._quiet = Quiet(self._begin)
        self._begin()
        atexit.register(self.close)

    def record(self, event: Event) -> str:
        """Take an event, and return its id.

        Raises `ClosedError` after `close`, `TypeError` or `ValueError` for what is no JSON.
        """
        frozen = freeze(event)
        # Who hears of a rejection may record: its own thread would wait for itself.
        own = threading.current_thread() is self._thread
        dropped = self._buffer.put(frozen, may_wait=not own)
        self._start()
        if dropped is not None:
            self._tell(self._on_dropped, dropped, NO_ROOM)
        return str(frozen.event.get("id"))

    def flush(self, timeout: float | None = None) -> bool:
        """Send what was recorded without waiting for more; false if time ran out before."""
        return self._buffer.flush(timeout)

    def close(self) -> None:
        """Send the rest, for `exit_seconds` at most; also done when the process ends."""
        atexit.unregister(self.close)
        self._buffer.close(self._exit_seconds)
        if self._thread is not None:
            # A request that hangs has its own limit.
            self._thread.join(self._exit_seconds + self._timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self) -> None:
        """Begin empty: at first, and in a forked child, for what the parent holds it sends."""
        self._buffer = Buffer(self._limits)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="groundswell-recorder", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        with self._quiet.lock:
            http = httpx.Client(base_url=self._url, headers=self._headers, timeout=self._timeout)
        with http:
            delivery = Delivery(http, self._buffer.pause, self._quiet)
            while batch := self._buffer.take():
                outcome = Outcome(unsent=batch) if self._buffer.is_over() else delivery.send(batch)
                for frozen, reason in outcome.rejected:
                    self._tell(self._on_rejected, frozen, reason)
                for frozen in outcome.unsent:
                    self._tell(self._on_dropped, frozen, NO_TIME)
                self._buffer.settle()

    def _tell(self, told: Told | None, frozen: Frozen, reason: str) -> None:
        if told is None:
            log.warning("event %s is not recorded: %s", frozen.event.get("id"), reason)
            return
        try:
            told(frozen.event, reason)
        except Exception:  # sending goes on, whatever a caller's function does
            log.exception("what was to hear of event %s failed", frozen.event.get("id"))
