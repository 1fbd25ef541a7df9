"""From groups of a period to the parts of a breakdown."""

from __future__ import annotations

from typing import Any

from app.runtime.sql import Connection
from app.series.counts import METRICS, Counts, change, counts_of
from app.series.queries import After, FoundPeriod, Group, engagement_breakdown, engagement_sums
from app.series.wire import Part

EVENT_TYPE = "eventType"
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
        return await _event_types(connection, period, wanted)
    return await engagement_breakdown(
        connection,
        period=period,
        wanted=wanted,
        split_by=by,
        metric=COLUMNS[metric],
        after=after,
        most=most,
    )


def part_of(group: Group, by: str, metric: str) -> Part:
    """Return a group as callers see it."""
    counts = Counts(group.views, group.likes, group.comments, group.shares, group.watch_seconds)
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
    compared: dict[str, Any] = {} if group.previous is None else {
        "previous": number(group.previous, metric),
        "change": change(group.value, group.previous),
    }  # fmt: skip
    return Part(
        **names,
        **counts.shown(METRICS),
        share=group.value / group.total if group.total > 0 else None,
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
    whole = sum(total[:4])
    groups = [
        Group(
            content_type=None, content_id=None, title=None, category=None, creator=None,
            item_id=None, subject=name,
            **{**dict.fromkeys(COLUMNS.values(), 0), column: getattr(total, column)},
            value=getattr(total, column) if counts else 0,
            previous=(getattr(earlier, column) if counts else 0) if period.compared else None,
            total=whole,
        )
        for name, column, counts in (
            ("view", "views", True), ("like", "likes", True), ("comment", "comments", True),
            ("share", "shares", True), ("watch_time", "watch_seconds", False),
        )
    ]  # fmt: skip
    return sorted(groups, key=lambda group: -group.value)
