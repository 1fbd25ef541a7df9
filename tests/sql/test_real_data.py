"""All formulas over two weeks of real trending videos."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from tests.sql import oracle
from tests.sql.comparing import assert_recounted
from tests.sql.oracle import Event
from tests.sql.test_oracle import MORE_RANKINGS
from tests.sql.world import World

SAMPLE = Path(__file__).parents[2] / "data" / "youtube_trending_gb_2017_sample.csv"
NOON = timedelta(hours=12)
DAY = timedelta(days=1)
TYPES = {"views": ("view", None), "likes": ("like", "unlike"), "comments": ("comment", "uncomment")}


def rows() -> list[dict[str, str]]:
    if not SAMPLE.exists():
        pytest.skip(f"{SAMPLE.name} is missing: get the folder data of the project")
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["video_id"] != "#NAME?"]


def midnight(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["date"]).replace(tzinfo=UTC)


async def catalogue(world: World, table: list[dict[str, str]]) -> dict[str, int]:
    """Register every video, as born on the first day it was seen."""
    ids: dict[str, int] = {}
    for row in table:
        if row["video_id"] not in ids:
            ids[row["video_id"]] = await world.item(
                row["video_id"],
                category=row["category"],
                creator=row["channel"],
                published_at=midnight(row),
            )
    return ids


def increments(table: list[dict[str, str]], ids: dict[str, int]) -> Iterator[Event]:
    """What each video gained from one sighting to the next, as one event a metric at noon."""
    seen: dict[str, dict[str, str]] = {}
    for number, row in enumerate(table):
        before = seen.get(row["video_id"])
        seen[row["video_id"]] = row
        if before is None:
            continue
        for place, (metric, (up, down)) in enumerate(TYPES.items()):
            gained = int(row[metric]) - int(before[metric])
            type_ = up if gained > 0 else down
            if gained and type_ is not None:
                at = midnight(row) + NOON
                yield Event(
                    id=UUID(int=number * 8 + place),
                    item=ids[row["video_id"]],
                    type=type_,
                    occurred_at=at,
                    received_at=at,
                    count=abs(gained),
                )


async def test_all_rankings_of_real_videos(world: World) -> None:
    """Equal to a recount after the second of two runs, and sensible: full lists of many scores."""
    table = rows()
    await world.execute(MORE_RANKINGS)
    events = list(increments(table, await catalogue(world, table)))
    assert len(events) > 1_000
    last = max(event.occurred_at for event in events)
    for as_of in (last - DAY + timedelta(minutes=30), last + timedelta(minutes=30)):
        known = len(world.events)
        await world.insert([e for e in events if e.occurred_at < as_of][known:])
        await world.run(as_of, forced=True)
    await assert_recounted(world, as_of)

    inside = oracle.window_counts(events, "7d", as_of)
    most_viewed = max(inside, key=lambda item: inside[item].views)
    trending = list(await world.scores("trending_7d"))
    assert trending.index(most_viewed) < 10
    assert next(iter(await world.scores("top_viewed"))) == most_viewed
    for name in ("trending_1h", "trending_24h", "trending_7d", "trending_30d", "trending_all"):
        assert len(await world.scores(name)) >= 50, name
    for name in ("hot", "reddit", "gravity", "best_rated"):
        listed = await world.scores(name)
        assert len(listed) >= 50, name
        assert len(set(listed.values())) > 0.9 * len(listed), name
    rated = await world.scores("best_rated")
    assert all(0 <= score <= 0.5 for score in rated.values()), "one like for two views is a lot"
    assert {"Music", "Entertainment"} <= set(await world.scores("watched")) | {
        segment.partition(":")[2]
        for (segment,) in await world.rows(
            """
            select snapshot.segment from api.latest_run as run
            inner join core.ranking_snapshot as snapshot on run.run_id = snapshot.run_id
            where run.ranking = 'trending_7d'
            """
        )
    }
