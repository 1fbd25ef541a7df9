"""The demo's past: what the sample tells of its videos, and what visitors might have done."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app.dev.titles import Shown
from app.ingest.wire import EventIn
from app.items.wire import ItemIn
from app.replay.events import Scaling, events_of
from app.replay.timeline import Timeline, curve_area, history_slots
from app.replay.visits import Popularity, Visitors, followers_at, lumps_at

SPAN = timedelta(days=30)
RATE = 10.0
"""Views a second on the mean of a day, of the history and of the live traffic."""
SCALE = 0.13
"""Events for one in the sample: with it the sample's videos get their part of `RATE`."""
SEED = 2017
KNOWN_DAYS = 7
"""For how many days before now it is known who was there, in part."""
_KNOWN_VISITS = 3_000
_KNOWN_VISITORS = 900
"""Every third of them is a user."""
GUEST = "guest"
"""The user who is signed in by the token that the demo prints."""
_GUEST_VISITS = 12


def first_history(shown: Shown, until: datetime) -> list[EventIn]:
    """Return the thirty days that end at `until`, in the order of time."""
    chance = random.Random(SEED)  # noqa: S311  # nothing here is a secret
    items = shown.items
    events = [
        *_sample_events(shown, until, chance),
        *_made_up(items, shown.titles, until - SPAN, until, chance),
        *_known_visits(items, until, chance),
    ]
    return sorted(events, key=_moment)


def more_history(shown: Shown, since: datetime, until: datetime) -> list[EventIn]:
    """Return what happened while the demo did not run, in the order of time."""
    chance = random.Random(int(since.timestamp()))  # noqa: S311
    items = shown.items
    return sorted(_made_up(items, items, max(since, until - SPAN), until, chance), key=_moment)


def _moment(event: EventIn) -> datetime:
    assert event.occurred_at is not None  # noqa: S101 - each is made with one
    return event.occurred_at


def _sample_events(shown: Shown, until: datetime, chance: random.Random) -> Iterator[EventIn]:
    """Yield what the sample tells, and shares and watch time, of which it tells nothing.

    What was taken back is left out: in a short window there is nothing to take it from.
    """
    sample = shown.sample
    timeline = Timeline.ending(until, SPAN, first=sample.first, last=sample.last)
    items = {item.content_id: item for item in shown.videos}
    scaling = Scaling(scale=SCALE, seed=SEED)
    for event in events_of(sample, timeline, timeline.history_slots(), scaling):
        if event.type == "view":
            yield from followers_at(
                _moment(event).timestamp(),
                item=items[event.content_id],
                views=event.count,
                chance=chance,
                kinds=("watch_time", "share"),
            )
        if not event.type.startswith("un"):
            yield event


def _made_up(
    items: Sequence[ItemIn],
    wanted: Sequence[ItemIn],
    since: datetime,
    until: datetime,
    chance: random.Random,
) -> Iterator[EventIn]:
    """Yield lumps of those `wanted` among `items`, as visitors would have come."""
    popularity = Popularity(items)
    chosen = {(item.content_type, item.content_id) for item in wanted}
    for slot in history_slots(since.timestamp(), until.timestamp()):
        views = RATE * curve_area(slot.begin, slot.end)
        shares = popularity.at((slot.begin + slot.end) / 2)
        for item, share in zip(items, shares, strict=True):
            if (item.content_type, item.content_id) in chosen:
                at = chance.uniform(slot.first, slot.last)
                yield from lumps_at(at, item=item, views=views * share, chance=chance)


def _known_visits(
    items: Sequence[ItemIn], until: datetime, chance: random.Random
) -> Iterator[EventIn]:
    """Yield visits one by one, of visitors who come again and of the guest, in the order of time.

    From them come unique viewers, what people also watched, and recommendations.
    """
    visitors = Visitors(items, chance=chance)
    end = until.timestamp()
    moments = sorted(end - chance.random() * KNOWN_DAYS * 86_400 for _ in range(_KNOWN_VISITS))
    for at in moments:
        yield from visitors.visit(at, visitor=chance.randrange(_KNOWN_VISITORS))
    for number, item in enumerate(chance.sample(items[:60], _GUEST_VISITS)):
        at = end - (number + 1) * 3_600
        session = f"session-{GUEST}-{number}"
        yield from visitors.actions(item, at, user=GUEST, session=session)
