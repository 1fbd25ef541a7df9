"""Lays a file's days over a span of real time and cuts it into slots of few moments."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

DAY = 86_400.0
EVENING = 19 * 3_600.0
"""Seconds after midnight (UTC) at which the daily curve is highest; twelve hours later lowest."""
SWING = 0.6
"""The curve runs from 1 - SWING to 1 + SWING of the day's mean."""

_RESOLUTION = (
    # Older than this many seconds: slots of that many. All events of a slot fall into one
    # 15-minute bucket, because every bucket that gets late events costs a refresh of its own.
    (7 * DAY, 43_200.0),
    (2 * DAY, 21_600.0),
    (7_200.0, 3_600.0),
    (0.0, 300.0),
)
_BUCKET = 900.0


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in epoch seconds, and the narrower one its events are put into."""

    begin: float
    end: float
    first: float
    last: float


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A linear map of file days onto time: `first` falls on `begin`, `last` on `end`."""

    first: date
    last: date
    begin: float
    end: float

    @classmethod
    def ending(cls, until: datetime, span: timedelta, *, first: date, last: date) -> Timeline:
        """Lay the days over the `span` that ends at `until`."""
        end = until.timestamp()
        return cls(first=first, last=last, begin=end - span.total_seconds(), end=end)

    def at(self, day: date) -> float:
        """Return the epoch seconds on which `day` falls."""
        share = (day - self.first).days / (self.last - self.first).days
        return self.begin + share * (self.end - self.begin)

    def weight(self, begin: float, end: float) -> float:
        """Return the daily curve's area between two moments, in seconds of an average moment.

        The curve follows the clock, and the file's own days where they are compressed.
        """
        if self._day_length >= DAY:
            return curve_area(begin, end)
        factor = DAY / self._day_length
        return curve_area((begin - self.begin) * factor, (end - self.begin) * factor) / factor

    def history_slots(self) -> Iterator[Slot]:
        """Yield slots from old to new, as `history_slots` cuts them."""
        return history_slots(self.begin, self.end)

    def live_slots(self, seconds: float = 1.0) -> Iterator[Slot]:
        """Yield slots of `seconds` from old to new."""
        for step in range(math.ceil((self.end - self.begin) / seconds)):
            begin = self.begin + step * seconds
            end = min(begin + seconds, self.end)
            yield Slot(begin=begin, end=end, first=begin, last=end)

    @property
    def _day_length(self) -> float:
        return (self.end - self.begin) / (self.last - self.first).days


def history_slots(begin: float, end: float) -> Iterator[Slot]:
    """Cut a time into slots, the old first: half days where it is old, five minutes at its end."""
    while begin < end:
        age = end - begin
        oldest, length = next(row for row in _RESOLUTION if age > row[0])
        until = min((math.floor(begin / length) + 1) * length, max(end - oldest, begin + 1), end)
        first = max(begin, math.floor((begin + until) / 2 / _BUCKET) * _BUCKET)
        yield Slot(begin=begin, end=until, first=first, last=min(until, first + _BUCKET))
        begin = until


def daily_curve(moment: datetime) -> float:
    """Return how busy `moment` is, with 1 as the day's mean."""
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return 1 + SWING * math.cos(math.tau * ((moment - midnight).total_seconds() - EVENING) / DAY)


def curve_area(begin: float, end: float) -> float:
    """Return the daily curve's area between two moments: as long as its mean would take."""
    return _area(end) - _area(begin)


def _area(seconds: float) -> float:
    """Integrate the daily curve from the epoch to `seconds` after it."""
    return seconds + SWING * DAY / math.tau * math.sin(math.tau * (seconds - EVENING) / DAY)
