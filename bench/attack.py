"""How lists withstand 1,000 attackers among 25,000 people, each as active as 100 of them.

Honest people view real titles (data/…csv, or the table named by BENCH_TITLES) for days; then
attackers lift items of their own, in five forms and a mixture, each form on a history of its own.
Events go in as the writer inserts them, and the scoring job runs each minute, then every five, for
an hour; lists are looked at after each run. Rivals rank the same events (bench/_attack_rivals.py),
and so do the trending lists without what withstands attacks. A list of an hour ago is beaten by
what has just happened: what counts is for how long.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from psycopg import AsyncConnection

from app.ingest.insert import Inserter
from app.ingest.item_ids import ItemIds
from app.ingest.packing import PackedEvent
from app.ingest.rows import ReceivedEvent
from app.runtime.moments import moment_of
from app.runtime.sql import Connection
from bench._attack_rivals import Rivals
from bench._attack_traffic import FORMS, HOUR, Form, Stage, between, stage_of
from bench._server import unschedule

TITLES = "BENCH_TITLES"
SAMPLE = Path(__file__).parents[1] / "data" / "youtube_trending_gb_2017_sample.csv"
BEGIN = int(datetime(2026, 1, 30, 12, tzinfo=UTC).timestamp()) * 1_000_000
"""When the hour of the attack begins, in microseconds: fixed, as it tells where days end."""
SEED = 17
ATTACKERS = "BENCH_ATTACKERS"
"""Names how many attackers there are, where not 1,000."""
PEOPLE_EACH, DAYS = 25, 3
"""Honest people for each attacker, and days of history."""
TOP = 100
ALLOWED = 5
"""Minutes for which an attacker's item may stand in a list."""
MINUTE = 60_000_000
BATCH = 50_000
SHIPPED = ("trending_1h", "trending_24h", "trending_7d")
BARE = "trending_24h_without"
"""The same list with nothing that withstands attacks."""

_PLACES = """
select run.ranking, array_agg(item.external_id order by place.rank)
from api.latest_run as run
inner join api.stored_place as place on run.run_id = place.run_id
inner join core.item as item on place.item_id = item.item_id
where place.segment = '' and place.rank <= %s
group by run.ranking
"""
_ITEMS = """
insert into core.item (content_type, external_id, published_at)
select 'video', given.name, given.born
from unnest(%s::text[], %s::timestamptz[]) as given (name, born)
"""


_BARE = """
insert into core.ranking
    (name, formula, "window", half_life, recent_half_life, segments, options)
select %s, formula, "window", half_life, recent_half_life, segments, '{"discount": 0}'
from core.ranking where name = 'trending_24h'
"""
_LABELLED = """
select event.event_id
from core.event as event
where
    event.counted
    and exists (
        select from core.actor_label as label
        where
            (
                label.viewer = event.viewer & 9223372036854775807
                or label.item_id = event.item_id
            )
            and label.since <= (event.occurred_at at time zone 'UTC')::date
            and label.until > (event.occurred_at at time zone 'UTC')::date
    )
"""
_REPEATED = """
select coalesce(sum(taken.views + taken.likes + taken.comments + taken.shares), 0)
from core.discount as taken
where
    taken.viewer not in (
        select label.viewer from core.actor_label as label where label.viewer is not null
    )
    and taken.item_id not in (
        select label.item_id from core.actor_label as label where label.item_id is not null
    )
"""


class Honest(NamedTuple):
    """What it cost the honest, as parts of their events."""

    labelled: float
    repeated: float
    """What their repeated actions count less, all taken together."""


class Held(NamedTuple):
    """How one formula fared in one form."""

    best: int | None
    """Best place of an attacker's item; None: none stood in the list."""
    stood: int
    """Most attackers' items in the list after the minutes that are allowed."""
    minutes: float
    """For how long any stood there."""
    before: int | None
    """Best place of an attacker's item before they began."""


async def run(database_url: str) -> list[dict[str, object]]:
    """Return a row for each form of attack."""
    path = Path(os.environ.get(TITLES, SAMPLE))
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    attackers = int(os.environ.get(ATTACKERS, "1000"))
    rows, costs = [], []
    async with connection:
        await unschedule(connection)
        for name, form in FORMS.items():
            stage = stage_of(
                form, path, people=PEOPLE_EACH * attackers, attackers=attackers,
                at=BEGIN, days=DAYS, seed=SEED,
            )  # fmt: skip
            fared = await attacked(connection, stage, form)
            rows.append(_row(f"{attackers:,} attackers, {name}", fared))
            costs.append(await honest_cost(connection, stage))
    return [*rows, _cost_row(costs)]


async def attacked(connection: Connection, stage: Stage, form: Form) -> dict[str, Held]:
    """Play one history, and return how each formula fared. Leaves the database full."""
    await _clear(connection)
    names = [title.name for title in stage.titles]
    births = [moment_of(title.born) for title in stage.titles]
    await connection.execute(_ITEMS, [names, births])
    inserter = Inserter(late_seconds=1e9, item_ids=ItemIds())
    rivals = Rivals(stage.titles)
    watched: dict[str, list[tuple[int, list[int]]]] = {}
    done = 0
    for at in _moments(stage, form):
        events = sorted(
            (*between(stage.honest, done, at), *between(stage.attack, done, at)),
            key=lambda event: event.occurred_at,
        )
        await _insert(connection, inserter, events)
        await connection.execute("call api.label_actors(%s)", [moment_of(at)])
        await connection.execute(
            "call api.run_rankings(as_of => %s, forced => true, work_for => interval '1 day')",
            [moment_of(at)],
        )
        rivals.add(events)
        cursor = await connection.execute(_PLACES, [TOP])
        lists = {**dict(await cursor.fetchall()), **rivals.best(at, TOP)}
        for formula, best in lists.items():
            places = [
                place for place, name in enumerate(best, start=1) if name in set(stage.targets)
            ]
            watched.setdefault(formula, []).append((at, places))
        done = at
    return {formula: _held(seen, stage.begins) for formula, seen in watched.items()}


async def honest_cost(connection: Connection, stage: Stage) -> Honest:
    """Return which part of the honest events of a played history is discounted."""
    honest = {event.event_id for event in stage.honest}
    cursor = await connection.execute(_LABELLED)
    labelled = sum(event_id.bytes in honest for (event_id,) in await cursor.fetchall())
    repeated = await (await connection.execute(_REPEATED)).fetchone()
    assert repeated is not None
    return Honest(labelled / len(honest), repeated[0] / len(honest))


def _moments(stage: Stage, form: Form) -> list[int]:
    """Return when lists are looked at: before the attack, and while it goes on."""
    last_hour = stage.ends - HOUR
    minutes = [*range(1, 11), *range(15, 61, 5)]
    hours = range(stage.begins + HOUR, last_hour, 3 * HOUR) if form.lasts > HOUR else ()
    return [stage.begins, *hours, *(last_hour + minute * MINUTE for minute in minutes)]


def _held(seen: list[tuple[int, list[int]]], begins: int) -> Held:
    places = [place for at, found in seen for place in found if at > begins]
    stood = [len(found) for at, found in seen if at > begins + ALLOWED * MINUTE]
    minutes = sum((at - before) / MINUTE for (before, _), (at, found) in pairwise(seen) if found)
    return Held(
        min(places, default=None), max(stood, default=0), minutes, min(seen[0][1], default=None)
    )


async def _insert(
    connection: Connection, inserter: Inserter, events: Iterable[PackedEvent]
) -> None:
    received = [ReceivedEvent(event, event.occurred_at) for event in events]
    for start in range(0, len(received), BATCH):
        batch = received[start : start + BATCH]
        await inserter.insert(connection, batch, now=batch[-1].received_at)


async def _clear(connection: Connection) -> None:
    """Take away what a form before has left, and all rankings that are not looked at."""
    await connection.execute("delete from core.ranking where name <> all(%s)", [list(SHIPPED)])
    await connection.execute(_BARE, [BARE])
    await connection.execute(
        """
        truncate core.item, core.item_birth, core.event, core.claimed_id, core.score_feed,
            core.ranking_score, core.ranking_state, core.recount, core.item_window,
            core.window_position, core.ranking_run, core.ranking_snapshot, core.ranking_base,
            core.viewer_day, core.viewer_item, core.viewer_position, core.user_window,
            core.user_window_position, core.actor_action, core.discount, core.applied_label,
            core.actor_label
            restart identity cascade
        """
    )


def _place(place: int | None) -> int:
    """Return a place, or that after the last one."""
    return TOP + 1 if place is None else place


def _row(name: str, fared: dict[str, Held]) -> dict[str, object]:
    ours = [fared[ranking].stood for ranking in SHIPPED]
    measured: dict[str, object] = {}
    for formula, held in fared.items():
        key = formula.lower().replace(" ", "_")
        measured[f"{key}_after_{ALLOWED}_minutes"] = held.stood
        measured[f"{key}_minutes"] = round(held.minutes, 1)
        measured[f"{key}_places_gained"] = _place(held.before) - _place(held.best)
    return {
        "bench": "attack",
        "case": f"{name}: attackers' items in the top {TOP} after {ALLOWED} minutes",
        "ratio": max(ours),
        "aim": 0,
        "better": "lower",
        "rounds": 1,
        "spread": [min(ours), max(ours)],
        "measured": measured,
    }


def _cost_row(costs: list[Honest]) -> dict[str, object]:
    parts = [cost.labelled / 0.005 for cost in costs]
    return {
        "bench": "attack",
        "case": "honest events discounted by labels, in units of 0.5 %",
        "ratio": max(parts),
        "aim": 1,
        "better": "lower",
        "rounds": len(costs),
        "spread": [min(parts), max(parts)],
        "measured": {
            "labelled": max(cost.labelled for cost in costs),
            "repeated": max(cost.repeated for cost in costs),
        },
    }
