"""Random histories: what arrives between the runs of the scoring job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st

from tests.sql.oracle import Event
from tests.sql.world import AS_OF

HOUR, DAY = 3_600, 86_400
EDGES = [edge + off for edge in (HOUR, DAY, 7 * DAY, 30 * DAY) for off in (-1, 0, 1)]
"""Ages in seconds just inside, at and just outside the beginning of a window."""

GAPS = [0, 1, 60, HOUR // 2, HOUR, 5 * HOUR, DAY, 2 * DAY, 8 * DAY, 31 * DAY]
"""Seconds between two runs of the job."""

TYPES = ("view", "like", "unlike", "comment", "uncomment", "share", "watch_time")


@dataclass(frozen=True)
class Batch:
    """Events that arrive before a run."""

    as_of: datetime
    events: list[Event]


@st.composite
def event(draw: st.DrawFn, as_of: datetime, items: int = 5) -> Event:
    """One event that has been received by `as_of`: late, on time, or of a clock that runs ahead."""
    type_ = draw(st.sampled_from(TYPES))
    age = draw(st.sampled_from([0, 1, 90, *EDGES]) | st.integers(0, 3 * DAY))
    ahead = draw(st.sampled_from([0, 0, 0, 1, HOUR // 2, HOUR]))
    at = as_of - timedelta(seconds=age)
    return Event(
        id=draw(st.uuids(version=4)),
        item=draw(st.integers(1, items)),
        type=type_,
        occurred_at=at + timedelta(seconds=ahead),
        received_at=at if ahead else as_of,
        count=draw(st.integers(1, 4) | st.integers(1, 1_000_000)),
        seconds=draw(st.integers(0, 4_000)) / 4 if type_ == "watch_time" else None,
        viewer=draw(st.sampled_from([None, None, 1, 2])),
    )


@st.composite
def batches(draw: st.DrawFn, gaps: list[int] = GAPS, most: int = 8) -> list[Batch]:
    """Up to three batches, each scored before the next arrives."""
    as_of = AS_OF
    found = []
    for _ in range(draw(st.integers(1, 3))):
        as_of += timedelta(seconds=draw(st.sampled_from(gaps)))
        found.append(Batch(as_of, draw(st.lists(event(as_of), max_size=most))))
    return found
