"""Recommendations: how many of what people turn to next they name, and what counting them costs.

Recall: a fifth of what each person turned to, the newest, is held out; what is recommended after
the rest is held against it. Rivals, in the same run: what is most viewed, and the best of three
models of the package `implicit` (ALS of 32 factors, and neighbours by TF-IDF and BM25), which see
likes as five views, as we do. A round is a seed; people are made up by bench._sittings.

Cost: api.add_pairs of new events, beside scoring the same events (api.score_events), with as many
people and items to an event as 10 million events of 2 million people and a million items have.
"""

from __future__ import annotations

import importlib
import os
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import fmean, median

from psycopg import AsyncConnection

from app.runtime.sql import Connection
from bench._server import kind_of, unschedule, wal_position
from bench._sittings import DAYS, Action, sittings
from bench.score import _ITEMS

ROUNDS = 5
PEOPLE = {"server": (2_000, 1_500), "embedded": (200, 300)}
"""Who turns to how many items."""
PLACES = 20
HELD_OUT = 5
"""One in so many."""
COSTS = {"server": (1_000_000, 20_000), "embedded": (50_000, 2_000)}
"""Events of history, and new ones; a tenth as many items, a fifth as many people."""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_LIKE = 5

Recommend = Callable[[int], list[int]]

_STORE = """
insert into core.event (event_id, occurred_at, received_at, item_id, event_type, user_id)
select
    gen_random_uuid(), act.at, act.at, act.item + 1,
    case when act.is_liked then 'like' else 'view' end::core.event_type,
    'person' || act.person
from unnest(%s::timestamptz [], %s::integer [], %s::boolean [], %s::integer [])
    as act (at, item, is_liked, person)
order by act.at
"""
_EMPTY = "truncate core.event, core.item_neighbour, core.score_feed"
_ANEW = "update core.neighbour_progress set counted_to = null"
_HISTORY = """
with made as materialized (
    select
        %(until)s::timestamptz - random() * %(span)s::interval as at,
        1 + floor(%(items)s * power(random(), 3))::bigint as item_id,
        'person' || floor(random() * %(people)s)::integer as user_id,
        (
            '{view,view,view,view,view,view,view,view,view,view,view,like,like,comment,share,'
            'watch_time,unlike}'::core.event_type[]
        )[1 + floor(17 * random())::integer] as event_type
    from generate_series(1, %(events)s)
),
stored as (
    insert into core.event
        (event_id, occurred_at, received_at, item_id, event_type, seconds, user_id)
    select gen_random_uuid(), at, at, item_id, event_type, 30, user_id from made order by at
)
insert into core.score_feed (item_id, occurred_at, event_type, count, seconds)
select item_id, at, event_type, 1, 30 from made
"""


async def run(database_url: str) -> list[dict[str, object]]:
    """Return the rows of the recall against each rival, and of the cost."""
    connection = await AsyncConnection.connect(
        database_url, autocommit=True, prepare_threshold=None
    )
    async with connection:
        kind = await kind_of(connection)
        await unschedule(connection)
        await connection.execute("select setseed(0.42)")
        people, items = PEOPLE[kind]
        events, new = COSTS[kind]
        await connection.execute(_ITEMS, [max(items, events // 10)])
        # A list of another's makes none of these better or worse.
        await connection.execute("update core.ranking set enabled = false")
        recalls = [await _recalls(connection, seed, people, items) for seed in range(ROUNDS)]
        costs = await _costs(connection, events, new)
    return [
        *(
            _row(
                f"recall of {PLACES} against {rival}, {people:,} people and {items:,} items",
                [each["ours"] / each[rival] for each in recalls],
                {name: median(each[name] for each in recalls) for name in recalls[0]},
                aim=1,
                better="higher",
            )
            for rival in ("popularity", "implicit")
            if rival in recalls[0]
        ),
        _row(
            f"{new:,} events of {events // 10:,} items: counting pairs / scoring",
            [pairs / scoring for pairs, scoring, _ in costs],
            {
                "pairs_seconds": median(cost[0] for cost in costs),
                "scoring_seconds": median(cost[1] for cost in costs),
                "wal_bytes_an_event": median(cost[2] for cost in costs) / new,
            },
            aim=0.5,
            better="lower",
        ),
    ]


def _row(
    case: str, ratios: list[float], measured: Mapping[str, float], *, aim: float, better: str
) -> dict[str, object]:
    return {
        "bench": "recommend",
        "case": case,
        "ratio": median(ratios),
        "aim": aim,
        "better": better,
        "rounds": len(ratios),
        "spread": [min(ratios), max(ratios)],
        "measured": dict(measured),
    }


async def _recalls(connection: Connection, seed: int, people: int, items: int) -> dict[str, float]:
    """Return the recall of each way to recommend."""
    by_person: dict[int, list[Action]] = defaultdict(list)
    for action in sittings(seed, people=people, items=items):
        by_person[action.person].append(action)
    known: list[Action] = []
    held: dict[int, set[int]] = {}
    for person, actions in by_person.items():
        count = len(actions) // HELD_OUT
        known += actions[: len(actions) - count]
        if count:
            held[person] = {action.item for action in actions[len(actions) - count :]}
    known.sort(key=lambda action: action.day)
    found = {"popularity": _recall(_by_popularity(known), held)}
    if models := _by_implicit(known, people, items):
        found["implicit"] = max(_recall(model, held) for model in models)
    ours = await _by_us(connection, known, sorted(held))
    return {**found, "ours": _recall(ours, held)}


def _recall(recommend: Recommend, held: Mapping[int, set[int]]) -> float:
    return fmean(
        len(items & set(recommend(person)[:PLACES])) / min(PLACES, len(items))
        for person, items in held.items()
    )


def _by_popularity(known: list[Action]) -> Recommend:
    best = [item for item, _ in Counter(action.item for action in known).most_common()]
    seen: dict[int, set[int]] = defaultdict(set)
    for action in known:
        seen[action.person].add(action.item)

    def recommend(person: int) -> list[int]:
        found: list[int] = []
        for item in best:
            if item not in seen[person]:
                found.append(item)
            if len(found) == PLACES:
                break
        return found

    return recommend


def _by_implicit(known: list[Action], people: int, items: int) -> list[Recommend]:
    """Return its models, none where the package is not there: `pip install implicit`."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        sparse = importlib.import_module("scipy.sparse")
        als = importlib.import_module("implicit.als")
        neighbours = importlib.import_module("implicit.nearest_neighbours")
    except ModuleNotFoundError:
        return []
    weights = [float(_LIKE if action.is_liked else 1) for action in known]
    rows = [action.person for action in known]
    columns = [action.item for action in known]
    matrix = sparse.csr_matrix((weights, (rows, columns)), shape=(people, items), dtype="float32")
    models = [
        als.AlternatingLeastSquares(
            factors=32, regularization=0.1, iterations=15, random_state=1, num_threads=1
        ),
        neighbours.TFIDFRecommender(K=50, num_threads=1),
        neighbours.BM25Recommender(K=50, num_threads=1),
    ]

    def recommend(place: int, person: int) -> list[int]:
        found, _ = models[place].recommend(person, matrix[person], N=PLACES)
        return [int(item) for item in found]

    with warnings.catch_warnings():
        # Of formats that it changes itself, and of threads that are not used.
        warnings.simplefilter("ignore")
        for model in models:
            model.fit(matrix, show_progress=False)
    return [partial(recommend, place) for place in range(len(models))]


async def _by_us(connection: Connection, known: list[Action], people: list[int]) -> Recommend:
    await connection.execute(_EMPTY)
    await connection.execute(_ANEW)
    moments = [BEGIN + timedelta(days=action.day) for action in known]
    await connection.execute(
        _STORE,
        [
            moments,
            [action.item for action in known],
            [action.is_liked for action in known],
            [action.person for action in known],
        ],
    )
    await connection.execute("analyze core.event")
    await connection.execute("select api.add_pairs(%s, %s)", [BEGIN, moments[-1]])
    await connection.execute("analyze core.item_neighbour")
    found: dict[int, list[int]] = {}
    for person in people:
        cursor = await connection.execute(
            "select item_id - 1 from api.recommendations(%s, null, null, null, %s, %s)"
            " order by place",
            [f"person{person}", BEGIN + timedelta(days=DAYS + 1), PLACES],
        )
        found[person] = [item for (item,) in await cursor.fetchall()]
    return found.__getitem__


async def _costs(connection: Connection, events: int, new: int) -> list[tuple[float, float, float]]:
    """Return seconds of counting pairs and of scoring, and bytes of WAL of the former."""
    await connection.execute(_EMPTY)
    await connection.execute("update core.ranking set enabled = true")
    until = BEGIN + timedelta(days=DAYS)
    made = {"items": events // 10, "people": events // 5}
    await connection.execute(
        _HISTORY, {**made, "events": events, "until": until, "span": timedelta(days=DAYS)}
    )
    await connection.execute("vacuum analyze")
    await _scored(connection, until)
    await connection.execute("select api.add_pairs(%s, %s)", [BEGIN, until])
    costs = []
    # The time in which so many come.
    span = timedelta(days=DAYS) * new / events
    for _ in range(ROUNDS + 1):
        since, until = until, until + span
        await connection.execute(
            _HISTORY, {**made, "events": new, "until": until, "span": span * 0.99}
        )
        # As autovacuum would have it after a while: all is new here.
        await connection.execute("vacuum analyze")
        before = await wal_position(connection)
        begun = time.perf_counter()
        await connection.execute("select api.add_pairs(%s, %s)", [since, until])
        pairs = time.perf_counter() - begun
        written = await wal_position(connection) - before
        costs.append((pairs, await _scored(connection, until), written))
    return costs[1:]


async def _scored(connection: Connection, as_of: datetime) -> float:
    """Return how many seconds scoring all that waits takes."""
    begun = time.perf_counter()
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read")
        await connection.execute("select * from api.score_events(%s, 100000000)", [as_of])
    return time.perf_counter() - begun
