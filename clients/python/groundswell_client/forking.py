"""What a fork must not meet: a thread in the middle of a request.

It holds locks of other libraries (imports, TLS), which nobody gives back in the child.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from functools import partial

LONGEST = 1.0
"""How long, in seconds, a fork waits for a request to end."""


class Quiet:
    """A lock held during requests, for which forks wait; `begin` is called in the child."""

    def __init__(self, begin: Callable[[], None]) -> None:
        self.lock = threading.Lock()
        self._begin = weakref.WeakMethod(begin)
        self._is_held = False
        if hasattr(os, "register_at_fork"):
            around = partial(_around, weakref.ref(self))
            os.register_at_fork(
                before=partial(around, "before"),
                after_in_parent=partial(around, "after"),
                after_in_child=partial(around, "in child"),
            )

    def around(self, when: str) -> None:
        """Wait before a fork, go on after it, and begin anew in the child."""
        if when == "before":
            self._is_held = self.lock.acquire(timeout=LONGEST)
        elif when == "after" and self._is_held:
            self.lock.release()
        elif when == "in child":
            self.lock = threading.Lock()
            if (begin := self._begin()) is not None:
                begin()


def _around(quiet: weakref.ref[Quiet], when: str) -> None:
    if (found := quiet()) is not None:
        found.around(when)
