"""One batch to the service: until it has it, or says no."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import httpx

from groundswell_client.event import Frozen
from groundswell_client.forking import Quiet
from groundswell_client.problem import AGAIN, Problem, retry_after

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 30.0

Rejected = tuple[Frozen, str]
"""An event that the service will never take, and why."""


class Outcome(NamedTuple):
    """What became of a batch; what is in neither was accepted."""

    rejected: Sequence[Rejected] = ()
    unsent: Sequence[Frozen] = ()


class Delivery:
    """Sends batches over one connection.

    `wait` waits for the seconds that the service asks for and some more, or returns false where
    there is no time for it.
    """

    def __init__(
        self, http: httpx.Client, wait: Callable[[float, float], bool], quiet: Quiet
    ) -> None:
        self._http = http
        self._quiet = quiet
        self._wait = wait

    def send(self, batch: Sequence[Frozen]) -> Outcome:
        """Deliver a batch, however often it takes.

        Each try sends the same bytes, so an answer that got lost on its way doubles nothing.
        """
        tries = 0
        while (answer := self._answer(batch)) is None or answer.status_code in AGAIN:
            asked = 0.0 if answer is None else retry_after(answer) or 0.0
            # What is asked for is a least; all who were told the same must not come at once.
            if not self._wait(asked, pause(tries)):
                return Outcome(unsent=batch)
            tries += 1
        return self._told(answer, batch)

    def _answer(self, batch: Sequence[Frozen]) -> httpx.Response | None:
        """Return what the service says; None where it was not reached, or something else spoke."""
        try:
            with self._quiet.lock:
                answer = self._http.post(
                    "/analytics/events",
                    content=b"\n".join(each.line for each in batch),
                    headers={"content-type": "application/x-ndjson"},
                )
        except httpx.TransportError:
            return None
        if answer.is_success and "accepted" not in Problem(answer).body:
            return None
        return answer

    def _told(self, answer: httpx.Response, batch: Sequence[Frozen]) -> Outcome:
        if answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE and len(batch) > 1:
            half = len(batch) // 2
            first, second = self.send(batch[:half]), self.send(batch[half:])
            return Outcome([*first.rejected, *second.rejected], [*first.unsent, *second.unsent])
        problem = Problem(answer)
        if "rejected" in problem.body:
            rejected = problem.body["rejected"]
            return Outcome([(batch[each["index"]], each["reason"]) for each in rejected])
        return Outcome([(each, str(problem)) for each in batch])


def pause(tries: int) -> float:
    """Return how long to wait after so many failures: at random, for others fail with us."""
    most: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries, 10))
    return most * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
