"""What can go wrong with the embedded servers."""

from __future__ import annotations


class EmbeddedError(Exception):
    """An embedded server cannot be started or kept running; the message says why."""
