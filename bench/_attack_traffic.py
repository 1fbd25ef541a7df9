"""Traffic for `bench attack`: honest viewers of real titles, and attackers in several forms.

Honest viewers take a title by what it gained a day in the table, and like and comment as often as
its own viewers did. How much somebody does is spread widely; a third name nobody, and some of those
share an address with a whole office. Attackers know the weights: most of what they send is worth
more than a view.
"""

from __future__ import annotations

import hashlib
import random
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from app.replay.source import read_history

ACTIONS_A_DAY = 4
"""Of a normal actor, on average."""
ATTACK_TIMES = 100
"""An attacker does so many times as much: a normal actor's hundred days, at once."""
TARGETS = 10
DAY = 86_400_000_000
HOUR = DAY // 24

# What an attacker sends: all kinds, mostly those that are worth most.
_ATTACK = ("view", "view", "like", "like", "share", "comment")


class Title(NamedTuple):
    """An item: what it gains a day, and how many of its viewers like or comment."""

    name: str
    gain: float
    like_rate: float
    comment_rate: float
    born: int


class Stage(NamedTuple):
    """A whole history: items, honest events and those of one form of attack, in order of time."""

    titles: list[Title]
    targets: list[str]
    honest: list[PackedEvent]
    attack: list[PackedEvent]
    begins: int
    """When the attack begins, in microseconds since 1970."""
    ends: int


def titles_of(path: Path, at: int, chance: random.Random) -> list[Title]:
    """Return the titles of a table, born some time in the week before `at`."""
    history = read_history(path)
    sums: dict[str, list[int]] = {video.video_id: [0, 0, 0, 0] for video in history.videos}
    for change in history.changes:
        known = sums[change.video_id]
        for place, value in enumerate((1, change.views, change.likes, change.comments)):
            known[place] += max(value, 0)
    return [
        Title(
            name=name,
            gain=views / days if days else 1.0,
            like_rate=min(likes / views, 0.3) if views else 0.0,
            comment_rate=min(comments / views, 0.1) if views else 0.0,
            born=at - chance.randrange(7 * DAY),
        )
        for name, (days, views, likes, comments) in sums.items()
    ]


def honest_traffic(
    titles: Sequence[Title], *, people: int, begins: int, ends: int, chance: random.Random
) -> list[PackedEvent]:
    """Return what so many people do between two moments, in order of time."""
    by_gain = list(accumulate(title.gain for title in titles))
    by_zeal = list(accumulate(chance.lognormvariate(0, 1) for _ in range(people)))
    offices = [_address(f"office {number}") for number in range(max(people // 1_000, 1))]
    visits = round(people * ACTIONS_A_DAY * (ends - begins) / DAY / 1.6)
    events: list[PackedEvent] = []
    for _ in range(visits):
        title = titles[_weighted(by_gain, chance)]
        person = _weighted(by_zeal, chance)
        at = begins + chance.randrange(ends - begins)
        who: dict[str, Any] = {"user_id": f"person-{person}"}
        if person % 3 == 0:
            shared = person % 60 == 0
            address = chance.choice(offices) if shared else _address(f"{person} {at // DAY}")
            who = {"viewer": address}
        does = ["view"]
        if chance.random() < 0.5:
            does.append("watch_time")
        if chance.random() < title.like_rate:
            does.append("like")
        if chance.random() < title.comment_rate:
            does += ["comment"] * chance.choice((1, 1, 1, 2, 3))
        if chance.random() < 0.01:
            does.append("share")
        for what in does:
            at += chance.randrange(1_000_000, 120_000_000)
            if at < ends:
                seconds = chance.lognormvariate(4, 1) if what == "watch_time" else None
                events.append(_event(what, title.name, at, seconds=seconds, chance=chance, **who))
    events.sort(key=lambda event: event.occurred_at)
    return events


class Turn(NamedTuple):
    """When it is an attacker's turn to act, for which time, and on which items."""

    attacker: int
    number: int
    at: int
    targets: list[str]
    chance: random.Random


class Form(NamedTuple):
    """A form of attack: how many items it lifts, over how long, and what one action is."""

    targets: int
    lasts: int
    act: Callable[[Turn], PackedEvent]


def _by_account(turn: Turn) -> PackedEvent:
    what, item = turn.chance.choice(_ATTACK), turn.chance.choice(turn.targets)
    who = f"attacker-{turn.attacker}"
    return _event(what, item, turn.at, chance=turn.chance, user_id=who)


def _in_a_ring(turn: Turn) -> PackedEvent:
    item = turn.targets[turn.number % len(turn.targets)]
    who = f"attacker-{turn.attacker}"
    return _event("like", item, turn.at, chance=turn.chance, user_id=who)


def _by_addresses(turn: Turn) -> PackedEvent:
    who = _address(f"rotating {turn.attacker} {turn.number}")
    what, item = turn.chance.choice(_ATTACK), turn.chance.choice(turn.targets)
    return _event(what, item, turn.at, chance=turn.chance, viewer=who)


def _replayed(turn: Turn) -> PackedEvent:
    """Ten events of an attacker, again and again."""
    name = f"replayed {turn.attacker} {turn.number % 10}"
    event = _by_account(turn._replace(chance=random.Random(name)))
    return msgspec.structs.replace(event, event_id=_address(name), claims=True)


_PARTS = (_by_account, _in_a_ring, _by_addresses, _replayed)


def _mixed(turn: Turn) -> PackedEvent:
    return _PARTS[turn.attacker % len(_PARTS)](turn)


FORMS = {
    "one item": Form(1, HOUR, _by_account),
    "drip over two days": Form(TARGETS, 2 * DAY, _by_account),
    "like ring": Form(TARGETS, HOUR, _in_a_ring),
    "rotating addresses": Form(TARGETS, HOUR, _by_addresses),
    "replayed ids": Form(TARGETS, HOUR, _replayed),
    "mixture": Form(TARGETS, HOUR, _mixed),
}


def attack_traffic(
    form: Form, targets: list[str], *, attackers: int, begins: int, chance: random.Random
) -> list[PackedEvent]:
    """Return what attackers send in one form, in order of time."""
    actions = ACTIONS_A_DAY * ATTACK_TIMES
    moments = sorted(begins + chance.randrange(form.lasts) for _ in range(attackers * actions))
    counts = [0] * attackers
    turns = list(range(attackers)) * actions
    chance.shuffle(turns)
    events = []
    for at, attacker in zip(moments, turns, strict=True):
        events.append(form.act(Turn(attacker, counts[attacker], at, targets, chance)))
        counts[attacker] += 1
    return events


def stage_of(  # noqa: PLR0913  # the size of a history
    form: Form, path: Path, *, people: int, attackers: int, at: int, days: int, seed: int
) -> Stage:
    """Return a history of some days that ends with an attack, which a long one overlaps."""
    chance = random.Random(seed)
    titles = titles_of(path, at, chance)
    begins = at - max(form.lasts - HOUR, 0)
    honest = honest_traffic(
        titles, people=people, begins=at - days * DAY, ends=at + HOUR, chance=chance
    )
    targets = [f"target-{number}" for number in range(form.targets)]
    born = [begins - chance.randrange(1, 6 * HOUR) for _ in targets]
    # Somebody honest has seen them, too.
    first = honest_traffic(
        [Title(name, 1.0, 0.02, 0.01, at) for name, at in zip(targets, born, strict=True)],
        people=max(people // 1_000, 1), begins=min(born), ends=at + HOUR, chance=chance,
    )  # fmt: skip
    honest = sorted([*honest, *first], key=lambda event: event.occurred_at)
    attack = attack_traffic(form, targets, attackers=attackers, begins=begins, chance=chance)
    titles += [Title(name, 0.0, 0.0, 0.0, at) for name, at in zip(targets, born, strict=True)]
    return Stage(titles, targets, honest, attack, begins, at + HOUR)


def account_of(event: PackedEvent) -> object:
    """Return who did it, as a system with accounts or addresses knows."""
    return event.user_id or event.viewer


def between(events: Sequence[PackedEvent], since: int, until: int) -> Iterator[PackedEvent]:
    """Yield the events, which are in order, after one moment and up to another."""
    start = bisect(events, since, key=_occurred_at)
    yield from events[start : bisect(events, until, key=_occurred_at)]


def _occurred_at(event: PackedEvent) -> int:
    return event.occurred_at


def _weighted(sums: list[float], chance: random.Random) -> int:
    return min(bisect(sums, chance.random() * sums[-1]), len(sums) - 1)


def _address(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=16).digest()


def _event(
    what: str,
    content_id: str,
    at: int,
    *,
    chance: random.Random,
    **more: Any,  # noqa: ANN401  # fields of PackedEvent
) -> PackedEvent:
    # As the API makes them: in the order of time.
    head = (at // 1_000).to_bytes(6, "big") + bytes([0x70 | chance.randrange(16)])
    return PackedEvent(
        event_id=head + chance.randbytes(9),
        occurred_at=at,
        content_type="video",
        content_id=content_id,
        type=TYPE_NUMBERS[what],
        **more,
    )
