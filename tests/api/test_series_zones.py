"""Series in zones whose clocks change: each bucket, and what it is compared with, by a recount."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.sql import oracle_series
from tests.sql.oracle import Event, first_moment
from tests.sql.test_series_oracle import TURNS
from tests.sql.world import World

DAY = timedelta(days=1)
COUNTS = {"1h": 30, "1d": 4, "1w": 2, "1mo": 2}


def earlier(edges: Sequence[datetime], width: str, compare: str, zone: ZoneInfo) -> list[datetime]:
    """As many buckets before, or a year before, found by looking at each day or hour."""
    number = len(edges) - 1
    local = edges[0].astimezone(zone)
    if compare == "previous" and width == "1h":
        begins = edges[0] - number * oracle_series.LENGTHS["1h"]
    elif compare == "previous" and width == "1mo":
        month = local.year * 12 + local.month - 1 - number
        begins = first_moment(local.date().replace(year=month // 12, month=month % 12 + 1), zone)
    elif compare == "previous":
        begins = first_moment(local.date() - number * DAY * (7 if width == "1w" else 1), zone)
    elif width == "1w":
        begins = first_moment(local.date() - 364 * DAY, zone)
    elif width == "1h":
        begins = (
            local.replace(year=local.year - 1, tzinfo=None).replace(tzinfo=zone).astimezone(UTC)
        )
    else:
        begins = first_moment(local.date().replace(year=local.year - 1), zone)
    long = begins + (number + 3) * oracle_series.LENGTHS[width]
    return oracle_series.edges(begins, long, width, zone)[: number + 1]


@pytest.mark.parametrize(("zone", "day"), TURNS)
async def test_every_bucket_equals_a_recount(
    api: httpx.AsyncClient, world: World, zone: str, day: str
) -> None:
    item = await world.item("a")
    noon = datetime.fromisoformat(f"{day}T12:00:00Z")
    for base in (noon, noon - 3 * DAY, noon.replace(year=noon.year - 1), noon - 364 * DAY):
        await world.insert(
            [
                Event(item=item, type="view", occurred_at=at, received_at=at, count=1 + n % 7)
                for n in range(-200, 200, 3)
                for at in [base + n * timedelta(minutes=15) - timedelta(seconds=n % 2)]
            ]
        )
    await world.execute("call api.refresh_aggregates(%s, true)", noon)
    for width, number in COUNTS.items():
        for compare in ("previous", "year"):
            since = noon - number * oracle_series.LENGTHS[width] / 2
            until = since + (number - 1) * oracle_series.LENGTHS[width]
            asked = {"from": since.isoformat(), "to": until.isoformat(), "bucket": width}
            answer = await api.get(
                "/analytics/series", params={**asked, "tz": zone, "compare": compare}
            )
            [series] = answer.json()["series"]
            buckets = series["buckets"]
            edges = oracle_series.edges(since, until, width, ZoneInfo(zone))
            assert told(buckets) == recounted(world, edges), (width, compare)
            before = earlier(edges, width, compare, ZoneInfo(zone))
            found = [bucket["previous"] for bucket in buckets]
            assert told(found) == recounted(world, before), (width, compare)


def told(buckets: Sequence[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(bucket["from"], bucket["to"], bucket["views"]) for bucket in buckets]


def recounted(world: World, edges: Sequence[datetime]) -> list[tuple[object, object, object]]:
    shown = [edge.astimezone(UTC).isoformat().replace("+00:00", "Z") for edge in edges]
    counts = oracle_series.sums(world.events, edges)
    return [
        (begins, ends, one.views)
        for begins, ends, one in zip(shown, shown[1:], counts, strict=False)
    ]
