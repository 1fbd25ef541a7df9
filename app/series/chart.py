"""From the rows of what there was to the buckets of a series, those without events too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET

from app.series.counts import Counts, counts_of, running
from app.series.queries import FoundPeriod, Sums
from app.series.unique import Viewers
from app.series.wire import Bucket, Earlier, Metric, OneSeries, Series

By = Literal["item", "category", "contentType", "creator"]
Key: TypeAlias = tuple[str | None, str | None, str | None]
"""Content type and id of an item, or the name that it is the series of; none, of all."""
ALL: Key = (None, None, None)


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """What a series is made of."""

    period: FoundPeriod
    by: By | None
    metrics: Sequence[Metric]
    cumulative: bool
    as_of: datetime
    sums: list[Sums]
    compared: list[Sums]
    viewers: list[Viewers]
    viewers_before: list[Viewers]

    def series(self, keys: Iterable[Key]) -> list[OneSeries]:
        """Return one series for each key, in that order."""
        now = _by_key(self.sums, self.viewers)
        before = _by_key(self.compared, self.viewers_before)
        return [
            OneSeries(
                **_named(self.by, key),
                buckets=self._buckets(now.get(key, {}), before.get(key, {})),
            )
            for key in keys
        ]

    def _buckets(self, now: dict[int, Counts], before: dict[int, Counts]) -> list[Bucket]:
        earlier = self._stretches(self.period.compared, before)
        return [
            Bucket(
                from_=begins,
                to=ends,
                partial=ends > self.as_of,
                previous=Earlier(
                    from_=earlier[place][0],
                    to=earlier[place][1],
                    **earlier[place][2].shown(self.metrics),
                )
                if place < len(earlier)
                else UNSET,
                **counts.shown(self.metrics),
            )
            for place, (begins, ends, counts) in enumerate(self._stretches(self.period.edges, now))
        ]

    def _stretches(
        self, edges: list[datetime], found: dict[int, Counts]
    ) -> list[tuple[datetime, datetime, Counts]]:
        """Return each bucket's two edges and its counts."""
        utc = [edge.astimezone(UTC) for edge in edges]
        counts: Iterable[Counts] = (found.get(place, Counts()) for place in range(1, len(utc)))
        if self.cumulative:
            counts = running(counts)
        return list(zip(utc, utc[1:], counts, strict=False))


def lines_of(answer: Series) -> Iterator[dict[str, Any]]:
    """Return the buckets of all series, each with what its series is called."""
    for one in answer.series:
        names = msgspec.to_builtins(msgspec.structs.replace(one, buckets=[]))
        del names["buckets"]
        for bucket in one.buckets:
            yield {**names, **msgspec.to_builtins(bucket)}


def _by_key(sums: Iterable[Sums], viewers: Iterable[Viewers]) -> dict[Key, dict[int, Counts]]:
    found: dict[Key, dict[int, Counts]] = {}
    for row in sums:
        key = (row.content_type, row.content_id, row.subject)
        found.setdefault(key, {})[row.place] = counts_of(row)
    for seen in viewers:
        places = found.setdefault((seen.content_type, seen.content_id, seen.subject), {})
        counts = places.get(seen.place, Counts())
        places[seen.place] = counts._replace(unique_viewers=seen.viewers)
    return found


def _named(by: By | None, key: Key) -> dict[str, Any]:
    content_type, content_id, name = key
    match by:
        case "item":
            return {"content_type": content_type, "content_id": content_id}
        case "contentType":
            return {"content_type": name}
        case "category" | "creator":
            return {by: name}
    return {}
