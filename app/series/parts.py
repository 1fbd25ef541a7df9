"""From groups of a period to the parts of a breakdown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from app.runtime.sql import Connection
from app.series.counts import METRICS, Counts, change, counts_of
from app.series.queries import After, FoundPeriod, Group, engagement_breakdown, engagement_sums
from app.series.unique import find_viewers
from app.series.wire import Metric, Part

EVENT_TYPE = "eventType"
WATCH_TIME = "watch_time"
"""The type that has seconds and no count."""
COLUMNS = {
    "views": "views",
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "watchSeconds": "watch_seconds",
}
"""Of metrics that parts are ordered by."""


async def find_groups(  # noqa: PLR0913  # as many as a page of a breakdown has
    connection: Connection,
    *,
    period: FoundPeriod,
    wanted: str,
    by: str,
    metric: str,
    after: After | None,
    most: int,
) -> list[Group]:
    """Return `most` groups at most, the highest first, after one of them if given."""
    if by == EVENT_TYPE:
        types = await _event_types(connection, period, wanted)
        names = [group.subject for group in types]
        begins = names.index(after.subject) + 1 if after and after.subject in names else 0
        return types[begins : begins + most]
    return await engagement_breakdown(
        connection,
        period=period,
        wanted=wanted,
        split_by=by,
        metric=COLUMNS[metric],
        after=after,
        most=most,
    )


async def viewers_of(  # noqa: PLR0913  # what is asked, and of which parts
    connection: Connection,
    groups: Sequence[Group],
    *,
    metrics: Sequence[Metric],
    edges: list[datetime],
    wanted: str,
    by: str,
) -> list[int]:
    """Return the unique viewers of each group; zeros where they are not asked for."""
    keys = [group.subject if by != "item" else str(group.item_id) for group in groups]
    # Of these groups only, unless one of them is what has no name.
    condition = msgspec.json.decode(wanted)
    if None not in keys:
        condition[by] = {"in": keys}
    found = await find_viewers(
        connection,
        metrics if groups else (),
        edges=edges,
        wanted=msgspec.json.encode(condition).decode(),
        split_by=by,
    )
    seen = {
        (row.content_type, row.content_id) if by == "item" else row.subject: row.viewers
        for row in found
    }
    return [
        seen.get((group.content_type, group.content_id) if by == "item" else group.subject, 0)
        for group in groups
    ]


def part_of(
    group: Group, by: str, metric: str, metrics: Sequence[Metric] = METRICS, *, viewers: int = 0
) -> Part:
    """Return a group as callers see it."""
    counts = Counts(
        group.views, group.likes, group.comments, group.shares, group.watch_seconds, viewers
    )
    names: dict[str, Any] = (
        {
            "content_type": group.content_type,
            "content_id": group.content_id,
            "title": group.title,
            "category": group.category,
            "creator": group.creator,
        }
        if by == "item"
        else {"name": group.subject}
    )
    if by == EVENT_TYPE:
        names["count"] = None if group.subject == WATCH_TIME else int(group.value)
    is_counted = names.get("count", 0) is not None
    compared: dict[str, Any] = {} if group.previous is None else {
        "previous": number(group.previous, metric),
        "change": change(group.value, group.previous),
    }  # fmt: skip
    return Part(
        **names,
        **counts.shown(metrics),
        share=group.value / group.total if group.total > 0 and is_counted else None,
        **compared,
    )


def number(value: float, metric: str) -> int | float:
    """Return a count as it is written."""
    return value if metric == "watchSeconds" else int(value)


async def _event_types(connection: Connection, period: FoundPeriod, wanted: str) -> list[Group]:
    """Return the counts of each type; what is taken back is taken off what was given."""
    now, before = [
        [counts_of(row) for row in await engagement_sums(
            connection, edges=edges, wanted=wanted, split_by=None
        )] if edges else []
        for edges in (period.edges, period.compared)
    ]  # fmt: skip
    total, earlier = (found[0] if found else Counts() for found in (now, before))
    whole = float(sum(total[:4]))
    groups = [
        Group(
            content_type=None, content_id=None, title=None, category=None, creator=None,
            item_id=None, subject=name,
            **(dict.fromkeys(COLUMNS.values(), 0)
               | {"watch_seconds": 0.0, column: getattr(total, column)}),
            value=float(getattr(total, column)) if counts else 0.0,
            previous=float(getattr(earlier, column)) if period.compared and counts else None,
            total=whole,
        )
        for name, column, counts in (
            ("view", "views", True), ("like", "likes", True), ("comment", "comments", True),
            ("share", "shares", True), (WATCH_TIME, "watch_seconds", False),
        )
    ]  # fmt: skip
    # What has no count is last, on whichever page that is.
    return sorted(groups, key=lambda group: (group.subject == WATCH_TIME, -group.value))
