"""From committed events to what they add to which top list."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from app.ingest.packing import EVENT_TYPES
from app.ingest.rows import Committed, ReceivedEvent
from app.top.changes import Addition
from app.top.lists import Head, Key, Known
from app.top.queries import Metric, Subject, TopItem

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

Sums = tuple[defaultdict[int, float], ...]
"""For each metric, what each item got."""


class Group(NamedTuple):
    """Lists that the same events add to."""

    metric: int
    subject: Subject
    content_type: str | None
    since: int
    lists: list[tuple[int, str, Known]]
    """Each with its place, from 1, and its name."""


class Plan(NamedTuple):
    """Which events count for which of the known lists."""

    groups: list[Group]
    together: list[Group]
    """The same lists, whenever their windows began: for events that lie in all of them."""
    newest: int
    """The latest moment at which one of the windows begins."""

    @classmethod
    def of(cls, known: Mapping[str, Known]) -> Plan:
        """Group the lists, which are numbered in their order from 1."""
        since = [_since(one.head) for one in known.values() if one.head is not None]
        newest = max(since, default=EVER)
        return cls(_grouped(known), _grouped(known, since=newest), newest)


def _since(head: Head) -> int:
    return EVER if head.since is None else head.since


def _grouped(known: Mapping[str, Known], since: int | None = None) -> list[Group]:
    """Group lists of the same kind and the same beginning; with `since`, as if that were all's."""
    alike: dict[tuple[int, Subject, str | None, int], list[tuple[int, str, Known]]] = {}
    for place, (ranking, one) in enumerate(known.items(), start=1):
        if (head := one.head) is not None:
            begins = _since(head) if since is None else since
            kind = (METRICS.index(head.metric), head.subject, head.content_type, begins)
            alike.setdefault(kind, []).append((place, ranking, one))
    return [Group(*kind, lists) for kind, lists in alike.items()]


class Tally(NamedTuple):
    """What transactions add together: for each group, what its metric's items got."""

    transactions: list[int]
    sums: Sequence[tuple[Group, Mapping[int, float]]]


def tally(batch: Sequence[Committed], plan: Plan) -> Tally:
    """Add up what transactions have inserted since each list's window began."""
    transactions = [committed.transaction for committed in batch]
    if not plan.groups:
        return Tally(transactions, [])
    newest, older = _summed(batch, plan.newest)
    sums = [(group, newest[group.metric]) for group in plan.together]
    if any(committed.events for committed in older):
        by_since = {
            since: _summed(older, since)[0]
            for since in {group.since for group in plan.groups} - {plan.newest}
        }
        sums += [
            (group, by_since[group.since][group.metric])
            for group in plan.groups
            if group.since in by_since
        ]
    return Tally(transactions, sums)


def _summed(batch: Sequence[Committed], since: int) -> tuple[Sums, list[Committed]]:
    """Add up what counts after a moment, and return what counts before it."""
    sums: Sums = tuple(defaultdict(int) for _ in METRICS)
    older = []
    for transaction, events, ids in batch:
        before: list[ReceivedEvent] = []
        older.append(Committed(transaction, before, ids))
        for received in events:
            event, _ = received
            if event.uncounted_because is not None:
                continue
            if event.occurred_at <= since:
                before.append(received)
                continue
            metric, sign = EFFECTS[event.type]
            amount: float = sign * event.count
            if metric == WATCH:
                amount *= _real(event.seconds)
            sums[metric][ids[event.content_type, event.content_id]] += amount
    return sums, older


def _real(seconds: float | None) -> float:
    """Return the seconds as the database keeps them."""
    if seconds is None:
        return 0.0
    kept: float = _REAL.unpack(_REAL.pack(seconds))[0]
    return kept


def subject_items(tallied: Tally) -> set[int]:
    """Return the items whose creators or categories must be known."""
    return set[int]().union(
        *(sums.keys() for group, sums in tallied.sums if group.subject != "item")
    )


class Changes(NamedTuple):
    """What transactions change in the lists."""

    additions: list[Addition]
    entrants: dict[str, dict[Key, float]]
    """By list, what those got who are not in it: they may belong there now."""


def changes_of(tallied: Tally, subjects: Mapping[int, TopItem]) -> Changes:
    """Return what is to be changed; `subjects` has the items of `subject_items`."""
    changes = Changes([], {})
    for group, sums in tallied.sums:
        amounts: Mapping[Any, float] = (
            sums if group.subject == "item" else _by_name(group, sums, subjects)
        )
        risen = {key for key, amount in amounts.items() if amount > 0}
        for place, ranking, known in group.lists:
            by_round = _amounts(known, amounts)
            changes.additions.extend(
                Addition(tallied.transactions, place, number, parts)
                for number, parts in by_round.items()
            )
            entrants = changes.entrants.setdefault(ranking, {})
            for key in risen - known.members.keys():
                entrants[key] = entrants.get(key, 0) + amounts[key]
    return changes


def _amounts(known: Known, amounts: Mapping[Any, float]) -> dict[int, list[str | float]]:
    """Return members of a list and what each got, by the round in which they came into it."""
    by_round: dict[int, list[str | float]] = {}
    members, admitted = known.members, known.admitted
    for key in amounts.keys() & members.keys():
        if amount := amounts[key]:
            by_round.setdefault(admitted.get(key, 0), []).extend((members[key], amount))
    return by_round


def _by_name(
    group: Group, sums: Mapping[int, float], subjects: Mapping[int, TopItem]
) -> dict[str, float]:
    """Add up what the items of each creator or category got."""
    by_name: dict[str, float] = {}
    for item, amount in sums.items():
        about = subjects.get(item)
        if about is None or about.is_excluded:
            continue
        if group.content_type not in (None, about.content_type):
            continue
        name = about.creator if group.subject == "creator" else about.category
        if name is not None:
            by_name[name] = by_name.get(name, 0) + amount
    return by_name
