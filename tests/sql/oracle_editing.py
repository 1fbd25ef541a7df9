"""What editors want of a list, worked out place by place in plain Python."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True)
class Thing:
    """An item as rules see it."""

    item_id: int
    title: str
    creator: str | None
    category: str | None
    content_type: str
    language: str | None
    age: timedelta

    def named(self, subject: str) -> str | None:
        """What it is called by a subject of rules."""
        return {
            "item": str(self.item_id),
            "creator": self.creator,
            "category": self.category,
            "content_type": self.content_type,
            "language": self.language,
        }[subject]

    def segments(self) -> set[str]:
        """The parts of a ranking that it belongs to."""
        named = {"creator": self.creator, "category": self.category, "language": self.language}
        return {f"{kind}:{value}" for kind, value in named.items() if value is not None}


@dataclass(frozen=True)
class Rule:
    """An editorial rule."""

    rule_id: int
    kind: str
    segment: str = ""
    subject: str | None = None
    value: str | None = None
    item: int | None = None
    place: int | None = None
    most: int | None = None
    top: int | None = None
    oldest: timedelta | None = None
    youngest: timedelta | None = None


@dataclass
class Edited:
    """What came of a list."""

    order: list[int] = field(default_factory=list)
    pinned: set[int] = field(default_factory=set)
    featured: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)


def words(text: str) -> list[str]:
    """The words of a text: no case, no accents, no punctuation."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter)
    ).lower()
    return "".join(letter if letter.isalnum() else " " for letter in plain).split()


def says(title: str, term: str) -> bool:
    """Tell whether a title has a term, as whole words next to each other."""
    inside, wanted = words(title), words(term)
    return any(
        inside[start : start + len(wanted)] == wanted
        for start in range(len(inside) - len(wanted) + 1)
    )


def edited(
    natural: list[Thing],
    everything: Iterable[Thing],
    rules: list[Rule],
    decided: dict[int, bool],
    *,
    segment: str,
    size: int,
) -> Edited:
    """Put a list, best first by score, into the order that rules want."""
    pins, features = (
        {r.item: r for r in reversed(rules) if r.kind == kind and r.segment == segment}
        for kind in ("pin", "feature")
    )
    lifted = pins.keys() | features.keys()
    known = {thing.item_id for thing in natural}
    natural = natural + [
        thing
        for thing in sorted(everything, key=lambda thing: thing.item_id)
        if thing.item_id in lifted - known and (not segment or segment in thing.segments())
    ]
    tops = [rule.top for rule in rules if rule.kind == "hold" and rule.top]
    standing = [
        thing
        for thing in natural
        if not any(_blocks(rule, thing) for rule in rules)
        and (
            thing.item_id in lifted
            or (_is_let_in(rules, thing) and not (tops and decided.get(thing.item_id) is False))
        )
    ]
    first = [thing for thing in standing if thing.item_id in lifted]
    others = [thing for thing in standing if thing.item_id not in lifted]
    capped = _capping(rules, segment, lifted)
    found = Edited()
    upper: list[Thing] = []
    if tops and not segment:
        trusted = [thing for thing in others if decided.get(thing.item_id)]
        upper = [t for t in capped(first + trusted) if t.item_id not in lifted][: max(tops)]
        waiting = {t.item_id for t in standing[: max(tops)] if not decided.get(t.item_id)}
        found.held = waiting - lifted
    rest = capped(first + upper + [thing for thing in others if thing not in upper])
    free = [thing.item_id for thing in rest if thing.item_id not in pins]
    here = {thing.item_id for thing in standing}
    for pin in sorted(pins.values(), key=lambda rule: (rule.place or 0, rule.rule_id)):
        if pin.item in here:
            while len(found.order) < (pin.place or 0) - 1 and free:
                found.order.append(free.pop(0))
            found.order.append(pin.item or 0)
    found.order = (found.order + free)[:size]
    found.held -= {t.item_id for t in standing if t not in rest}
    found.pinned = pins.keys() & set(found.order)  # type: ignore[assignment]
    found.featured = (features.keys() - pins.keys()) & set(found.order)  # type: ignore[assignment]
    return found


def _blocks(rule: Rule, thing: Thing) -> bool:
    if rule.kind != "block":
        return False
    if rule.subject == "term":
        return says(thing.title, rule.value or "")
    return thing.named(rule.subject or "") == (rule.value or str(rule.item))


def _is_let_in(rules: list[Rule], thing: Thing) -> bool:
    only: dict[str, set[str | None]] = {}
    for rule in rules:
        if rule.kind == "only":
            only.setdefault(rule.subject or "", set()).add(rule.value)
        if rule.oldest is not None and thing.age > rule.oldest:
            return False
        if rule.youngest is not None and thing.age < rule.youngest:
            return False
    return all(thing.named(subject) in values for subject, values in only.items())


def _capping(
    rules: list[Rule], segment: str, lifted: set[int | None]
) -> Callable[[list[Thing]], list[Thing]]:
    """Return what leaves of each creator and category the first."""
    most = {
        subject: min(rule.most or 0 for rule in rules if rule.subject == subject and rule.most)
        for subject in ("creator", "category")
        if any(rule.subject == subject and rule.most for rule in rules)
        and not segment.startswith(f"{subject}:")
    }

    def capped(order: list[Thing]) -> list[Thing]:
        seen: Counter[tuple[str, str]] = Counter()
        kept = []
        for thing in order:
            stands = True
            for subject, limit in most.items():
                if (name := thing.named(subject)) is not None:
                    seen[subject, name] += 1
                    stands = stands and seen[subject, name] <= limit
            if stands or thing.item_id in lifted:
                kept.append(thing)
        return kept

    return capped
