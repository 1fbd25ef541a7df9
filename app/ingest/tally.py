"""From committed events to what they add to which top list."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, get_args

from app.database.top_lists import TopItem
from app.ingest.packing import EVENT_TYPES
from app.ingest.rows import ItemKey, ReceivedEvent
from app.top_lists import Addition, Known, Metric, Subject, item_of, name_member

METRICS: tuple[Metric, ...] = get_args(Metric)
_EFFECTS = {
    "view": ("views", 1),
    "like": ("likes", 1),
    "unlike": ("likes", -1),
    "comment": ("comments", 1),
    "uncomment": ("comments", -1),
    "share": ("shares", 1),
    "watch_time": ("watch_seconds", 1),
}
EFFECTS = tuple(
    (METRICS.index(metric), sign) for metric, sign in map(_EFFECTS.__getitem__, EVENT_TYPES)
)
"""Which metric an event of each type changes, and its sign."""
WATCH = METRICS.index("watch_seconds")
EVER = -(2**63)
"""Earlier than any event, in microseconds since 1970."""

_REAL = struct.Struct("f")

Sums = tuple[dict[int, float], ...]
"""For each metric, what each item got."""


class Committed(NamedTuple):
    """What one transaction has really inserted, each event once; it is committed."""

    transaction: int
    events: Sequence[ReceivedEvent]
    item_ids: Mapping[ItemKey, int]


class Group(NamedTuple):
    """Lists that the same events add to, in the same way."""

    metric: int
    subject: Subject
    content_type: str | None
    since: int
    places: list[int]
    members: dict[int, str] | frozenset[str]
    """Of items, each with its member; of creators and categories, their members."""


class Plan(NamedTuple):
    """Which events count for which of the known lists."""

    groups: list[Group]
    newest: int
    """The latest moment at which one of the windows begins."""

    @classmethod
    def of(cls, known: Mapping[str, Known]) -> Plan:
        """Group the lists, which are numbered in their order from 1."""
        alike: dict[tuple[int, Subject, str | None, int], list[tuple[int, Known]]] = {}
        for place, one in enumerate(known.values(), start=1):
            if (head := one.head) is not None:
                since = EVER if head.since is None else head.since
                kind = (METRICS.index(head.metric), head.subject, head.content_type, since)
                alike.setdefault(kind, []).append((place, one))
        groups = [
            Group(*kind, [place for place, _ in lists], _members(kind[1], lists))
            for kind, lists in alike.items()
        ]
        return cls(groups, max((group.since for group in groups), default=EVER))


def _members(subject: Subject, lists: list[tuple[int, Known]]) -> dict[int, str] | frozenset[str]:
    members = frozenset[str]().union(*(one.members for _, one in lists))
    return {item_of(member): member for member in members} if subject == "item" else members


def additions_of(
    batch: Sequence[Committed], plan: Plan, subjects: Mapping[int, TopItem]
) -> list[Addition]:
    """Return what each transaction adds; `subjects` has the items of `subject_items`."""
    found = []
    for committed in batch:
        for group, sums in _summed(committed, plan):
            amounts = list(_amounts(group, sums, subjects))
            if amounts:
                pairs = [part for pair in amounts for part in pair]
                found.append(Addition(committed.transaction, group.places, pairs))
    return found


def subject_items(batch: Sequence[Committed], plan: Plan) -> Collection[int]:
    """Return the items whose creators or categories must be known."""
    named = Plan([group for group in plan.groups if group.subject != "item"], plan.newest)
    found = set[int]()
    if named.groups:
        for committed in batch:
            for _, sums in _summed(committed, named):
                found |= sums.keys()
    return found


def _summed(committed: Committed, plan: Plan) -> Iterator[tuple[Group, dict[int, float]]]:
    """Yield each group with what its metric's items got since its window began."""
    if not plan.groups:
        return
    newest, is_all = tally(committed, plan.newest)
    since = {plan.newest: newest}
    for group in plan.groups:
        if not is_all and group.since not in since:
            since[group.since], _ = tally(committed, group.since)
        yield group, since.get(group.since, newest)[group.metric]


def tally(committed: Committed, since: int) -> tuple[Sums, bool]:
    """Add up what counts after a moment, and tell whether that is all of what counts."""
    sums: Sums = ({}, {}, {}, {}, {})
    is_all = True
    ids = committed.item_ids
    for event, received_at in committed.events:
        if event.uncounted_because is not None:
            continue
        # It counts when it happened, or when it came where that is earlier.
        if event.occurred_at <= since or received_at <= since:
            is_all = False
            continue
        metric, sign = EFFECTS[event.type]
        amount: float = sign * event.count
        if metric == WATCH:
            amount *= _real(event.seconds)
        item = ids[event.content_type, event.content_id]
        of_metric = sums[metric]
        of_metric[item] = of_metric.get(item, 0) + amount
    return sums, is_all


def _real(seconds: float | None) -> float:
    """Return the seconds as the database keeps them."""
    if seconds is None:
        return 0.0
    kept: float = _REAL.unpack(_REAL.pack(seconds))[0]
    return kept


def _amounts(
    group: Group, sums: dict[int, float], subjects: Mapping[int, TopItem]
) -> Iterator[tuple[str, float]]:
    """Yield the members of a group's lists that got something, and how much."""
    if isinstance(group.members, dict):
        for item in sums.keys() & group.members.keys():
            if sums[item]:
                yield group.members[item], sums[item]
        return
    by_member: dict[str, float] = {}
    for item, amount in sums.items():
        about = subjects.get(item)
        if about is None or group.content_type not in (None, about.content_type):
            continue
        name = about.creator if group.subject == "creator" else about.category
        if name is not None and (member := name_member(name)) in group.members:
            by_member[member] = by_member.get(member, 0) + amount
    yield from ((member, amount) for member, amount in by_member.items() if amount)
