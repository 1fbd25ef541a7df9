"""What the service says when it refuses: problem+json (RFC 9457)."""

from __future__ import annotations

from typing import Any

import httpx

AGAIN = frozenset({408, 425, 429, *range(500, 600)})
"""Statuses after which the same request may go better later."""


class Problem(Exception):  # noqa: N818  # the API's own word
    """A refusal, with the problem's fields."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.body = _body(answer)
        self.type = str(self.body.get("type", "about:blank"))
        self.title = str(self.body.get("title", answer.reason_phrase))
        self.detail = str(self.body.get("detail", ""))
        self.retry_after = retry_after(answer)
        """Seconds after which to try again; None where trying again will not help."""
        super().__init__(f"{self.status} {self.title}: {self.detail}")


def retry_after(answer: httpx.Response) -> float | None:
    """Return for how many seconds the service asks to be left alone."""
    if answer.status_code not in AGAIN:
        return None
    try:
        return max(0.0, float(answer.headers.get("retry-after", "0")))
    except ValueError:  # a date, which Groundswell never sends
        return 0.0


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
