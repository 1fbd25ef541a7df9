"""Unique viewers from event to answer: told at once, everywhere, and erased with counts kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from app.erasure.erase import Subject, erase
from app.ingest.viewer import session_viewer, user_viewer, viewers_by
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.conftest import problem
from tests.eventually import eventually
from tests.serving import api_of
from tests.writing import packed, put, running_writer, waiting

pytestmark = pytest.mark.usefixtures("clean")


def test_the_client_comes_before_the_user_before_the_session() -> None:
    """A client is only told with an event where it is what tells viewers apart."""
    key = bytes(32)
    viewer_of = viewers_by(key)
    user = viewer_of(packed(user_id="u", session_id="s"))
    assert user is not None
    assert int.from_bytes(user, "big", signed=True) == user_viewer("u", key)
    session = viewer_of(packed(session_id="u"))
    assert session is not None
    assert int.from_bytes(session, "big", signed=True) == session_viewer("u", key)
    assert user_viewer("u", key) not in {user_viewer("u", b"other"), session_viewer("u", key)}
    assert viewer_of(packed(user_id="u", viewer=b"\1" + bytes(15))) == b"\1" + bytes(7)
    assert viewer_of(packed()) is None


async def test_viewers_are_told_everywhere_and_erased_with_counts_kept(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    quick = msgspec.structs.replace(settings, batch_seconds=0.02)
    ago = unix_microseconds() - 1_000_000
    events = [
        packed("a", user_id="u", occurred_at=ago),
        packed("a", user_id="u", session_id="s", occurred_at=ago),
        packed("a", session_id="t", occurred_at=ago),
        packed("a", viewer=bytes(15) + b"\1", occurred_at=ago),
        packed("a", occurred_at=ago),
        packed("a", user_id="bot", uncounted_because="bot: x", occurred_at=ago),
        packed("b", user_id="u", occurred_at=ago),
    ]

    async with running_writer(quick, pool, redis):
        await put(redis, events)
        await put(redis, events)
        await eventually(lambda: is_written(redis))
    async with api_of(settings) as api:
        assert await told(api) == (3, 3, 3)
        async with pool.connection() as connection:
            await connection.execute("call api.run_rankings()")
        assert await told(api) == (3, 3, 3)
        await erase(
            pool.connection,
            redis,
            Subject(user_id="u"),
            purges=False,
            as_of=None,  # type: ignore[arg-type]  # only of items
        )
        assert await told(api) == (3, 3, 3)
    async with pool.connection() as connection:
        key = await (await connection.execute("select key from core.viewer_key")).fetchone()
        assert key is not None
        mine = user_viewer("u", key[0])
        cursor = await connection.execute(
            "select viewer from core.event union all select entry from core.viewer_day "
            "union all select entry from core.viewer_item"
        )
        assert not {mine, mine & (2**63 - 1)} & {viewer for (viewer,) in await cursor.fetchall()}
        # The day made anew from the renamed events is the same.
        before = await (
            await connection.execute("select * from core.viewer_day order by 1, 2")
        ).fetchall()
        await connection.execute("call api.recount_viewers((now() at time zone 'UTC')::date)")
        after = await (
            await connection.execute("select * from core.viewer_day order by 1, 2")
        ).fetchall()
        assert after == before


async def told(api: httpx.AsyncClient) -> tuple[int, int, int]:
    """Return the viewers of `a` by stats and totals, and those of both items by series."""
    stats: dict[str, Any] = (await api.get("/analytics/stats/a?fields=uniqueViewersTotal")).json()
    totals = await api.get("/analytics/totals?contentId=a&metrics=uniqueViewers")
    series = await api.get("/analytics/series?metrics=uniqueViewers&bucket=15m&contentType=video")
    buckets = series.json()["series"][0]["buckets"]
    return (
        stats["uniqueViewersTotal"],
        totals.json()["uniqueViewers"],
        max(bucket["uniqueViewers"] for bucket in buckets),
    )


@pytest.mark.parametrize("route", ["totals", "series"])
@pytest.mark.parametrize("compare", ["year", "previous"])
async def test_a_period_to_compare_with_that_is_gone_is_named_as_such(
    api: httpx.AsyncClient, pool: Pool, route: str, compare: str
) -> None:
    """Not as `from`, which is within what is kept."""
    kept = datetime.now(UTC).date() - timedelta(days=1)
    async with pool.connection() as connection:
        await connection.execute(
            "insert into core.viewer_position (closed_before, kept_since) values (%s, %s)",
            [kept, kept],
        )
    parameters = {"metrics": "uniqueViewers", "from": f"{kept}T00:00:00Z", "compare": compare}
    answer = await api.get(f"/analytics/{route}", params=parameters)
    detail = await problem(answer, 400, "bad-request")
    assert detail.startswith("compare: of the period from "), detail
    assert f"uniqueViewers are kept from {kept}T00:00:00Z on" in detail
    del parameters["compare"]
    assert (await api.get(f"/analytics/{route}", params=parameters)).status_code == 200


async def test_viewers_are_told_by_name(
    settings: Settings, pool: Pool, redis: Redis, api: httpx.AsyncClient
) -> None:
    """Of a page of a breakdown, of series, and of totals of a category; nothing adds up twice."""
    quick = msgspec.structs.replace(settings, batch_seconds=0.02)
    ago = unix_microseconds() - 1_000_000
    seen = (("a", "u"), ("a", "v"), ("b", "u"), ("c", "w"), ("d", "u"), ("d", "u"), ("d", "u"))
    async with running_writer(quick, pool, redis):
        await put(redis, [packed(name, user_id=user, occurred_at=ago) for name, user in seen])
        await eventually(lambda: is_written(redis))
    async with pool.connection() as connection:
        for name, category, creator in (
            ("a", "Music", "ada"),
            ("b", "Music", "bob"),
            ("c", "News", "bob"),
        ):
            await connection.execute(
                "update core.item set category = %s, creator = %s where external_id = %s",
                [category, creator, name],
            )

    async def parts(by: str, **more: Any) -> dict[str | None, int]:
        asked = {"by": by, "metrics": ["views", "uniqueViewers"], **more}
        answer = await api.get("/analytics/breakdown", params=asked)
        assert answer.status_code == 200, answer.text
        return {
            part.get("contentId", part.get("name")): part["uniqueViewers"]
            for part in answer.json()["parts"]
        }

    assert await parts("category") == {"Music": 2, "News": 1, None: 1}
    assert await parts("category", category="!News") == {"Music": 2, None: 1}
    assert await parts("category", limit=1) == {"Music": 2}
    assert await parts("creator", category="Music") == {"ada": 2, "bob": 1}
    assert await parts("contentType") == {"video": 3}
    assert await parts("item", contentId="!c") == {"a": 2, "b": 1, "d": 1}
    table = await api.get(
        "/analytics/breakdown?by=category&metrics=uniqueViewers&category=News&format=csv"
    )
    assert table.text.splitlines() == ["name,uniqueViewers,share", "News,1,1.0"]

    asked = {"metrics": "uniqueViewers", "bucket": "1d", "by": "category"}
    names = ["Music", "News", "x"]
    answer = await api.get("/analytics/series", params={**asked, "category": names})
    assert {
        one["category"]: max(bucket["uniqueViewers"] for bucket in one["buckets"])
        for one in answer.json()["series"]
    } == {"Music": 2, "News": 1, "x": 0}
    asked = {"metrics": "uniqueViewers", "category": "Music", "compare": "previous"}
    answer = await api.get("/analytics/totals", params=asked)
    assert answer.json()["uniqueViewers"] == 2


async def is_written(redis: Redis) -> bool:
    return await waiting(redis) == 0
