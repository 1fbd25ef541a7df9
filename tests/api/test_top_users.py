"""`GET /analytics/top/users` against a recount in Python, and who may read it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest

from app.ingest.insert import Inserter
from app.ingest.packing import TYPE_NUMBERS
from app.ingest.rows import ReceivedEvent
from app.runtime.moments import unix_microseconds
from app.runtime.pool import Pool
from tests.api.conftest import ADMIN, problem
from tests.api.top_stage import EPOCH, START
from tests.sql.world import World
from tests.writing import packed

TOP = "/analytics/top/users"
SIGNS = {"view": 1, "like": 1, "unlike": -1, "comment": 1, "uncomment": -1, "share": 1}
PERIODS: dict[str, Callable[[datetime], datetime]] = {
    "7d": lambda now: now - timedelta(days=7),
    "today": lambda now: now.replace(hour=0, minute=0),
    "week": lambda now: now.replace(hour=0, minute=0) - timedelta(days=now.weekday()),
    "month": lambda now: now.replace(day=1, hour=0, minute=0),
}
"""Where each begins; of 7 days what happened at that moment is out, of the others in."""
Done = list[tuple[datetime, str, str | None, int]]


def recount(done: Done, period: str, now: datetime) -> list[tuple[str, int]]:
    """The most active first: what each user did in a period, of equal counts by name."""
    since = PERIODS[period](now)
    found: Counter[str] = Counter()
    for at, type_, user, count in done:
        if user is not None and (at > since or (at == since and period != "7d")):
            found[user] += SIGNS.get(type_, 0) * count
    places = [(user, count) for user, count in found.items() if count > 0]
    return sorted(places, key=lambda place: (-place[1], place[0]))


async def insert(pool: Pool, events: Done, *, again: bool = False) -> None:
    """Write events as the writer does."""
    rows = []
    for at, type_, user, count in events:
        moment = (at - EPOCH) // timedelta(microseconds=1)
        event = packed(
            "a", user_id=user, occurred_at=moment, type=TYPE_NUMBERS[type_], count=count,
            seconds=9.0 if type_ == "watch_time" else None,
        )  # fmt: skip
        rows.append(ReceivedEvent(event, moment))
    now = max(received_at for _, received_at in rows)
    async with pool.connection() as connection:
        await Inserter(late_seconds=3_600).insert(connection, rows, now=now, seen_before=again)


async def publish_to(world: World, readers: str) -> None:
    await world.execute("update core.activity_policy set readers = %s", readers)


async def shown(api: httpx.AsyncClient, period: str, **more: int) -> list[tuple[str, int]]:
    answer = await api.get(TOP, params={"period": period, "limit": 100, **more})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["total"] >= len(page["items"])
    assert all(item["contentType"] == "user" for item in page["items"])
    return [(item["contentId"], item["count"]) for item in page["items"]]


async def test_lists_are_a_recount_at_every_moment(
    world: World, api: httpx.AsyncClient, pool: Pool
) -> None:
    """Late events, what is taken back, a backlog in slices, days and a month that turn."""
    chance = random.Random(11)  # noqa: S311  # no secret
    await publish_to(world, "all")
    done: Done = []
    now = START - timedelta(minutes=4)
    for step in range(12):
        events: Done = [
            (
                now - timedelta(minutes=chance.choice([0, 0, 1, 60, 1_500, 9_000, 10_075])),
                chance.choice([*SIGNS, "watch_time"]),
                chance.choice(["ada", "bob", "cy", "Dee", "é", None]),
                chance.choice([1, 1, 3]),
            )
            for _ in range(25)
        ]
        await insert(pool, events, again=bool(step % 2))
        done += events
        # Before a run it is what was counted, and what waits for it, of the windows as they stand.
        if step:
            before = now - step_of(step - 1)
            for period in PERIODS:
                assert await shown(api, period) == recount(done, period, before), (step, period)
        await world.run(now)
        for period in PERIODS:
            expected = recount(done, period, now)
            assert await shown(api, period) == expected, (step, period)
            assert await shown(api, period, offset=1) == expected[1:]
        assert await world.value("select count(*) from core.score_feed") == 0
        now += step_of(step)


@pytest.mark.parametrize("at_once", [2, 9])
async def test_counting_anew_takes_several_runs_and_ends_at_a_recount(
    world: World, api: httpx.AsyncClient, pool: Pool, at_once: int
) -> None:
    """A month may have many millions of events, and rankings wait for the run that counts them."""
    chance = random.Random(at_once)  # noqa: S311  # no secret
    await world.execute("update core.activity_policy set at_once = %s", at_once)
    now = START - timedelta(minutes=4)

    def some(count: int) -> Done:
        return [
            (
                # Many of one moment, which no run may part.
                now - timedelta(minutes=chance.choice([0, 1, 1, 60, 1_500, 9_000, 10_075])),
                chance.choice([*SIGNS]),
                chance.choice(["ada", "bob", "cy", None]),
                chance.choice([1, 3]),
            )
            for _ in range(count)
        ]

    done = some(30)
    await insert(pool, done)
    await world.run(now)
    await publish_to(world, "all")
    await world.run(now)
    is_first_partial = (await api.get(TOP, params={"period": "month"})).json()["stale"]
    assert is_first_partial
    # Meanwhile more comes, late too, and windows move on; at last a day and a month turn.
    for step in range(8):
        now += timedelta(hours=22) if step in {4, 7} else timedelta(minutes=1)
        events = some(2) if step < 6 else []
        if events:
            await insert(pool, events)
            done += events
        await world.run(now)
        for period in PERIODS:
            page = (await api.get(TOP, params={"period": period})).json()
            if not page["stale"]:
                assert await shown(api, period) == recount(done, period, now), (step, period)
    for _ in range(8):
        await world.run(now)
    for period in PERIODS:
        assert not (await api.get(TOP, params={"period": period})).json()["stale"]
        assert await shown(api, period) == recount(done, period, now), period


def step_of(step: int) -> timedelta:
    """Minutes, the turn of a day and a week, and at last of a month."""
    return timedelta(minutes=1) if step < 8 else timedelta(hours=22)


async def test_nobody_is_listed_unless_a_dba_says_so(
    world: World, api: httpx.AsyncClient, admin_api: httpx.AsyncClient, pool: Pool
) -> None:
    events: Done = [(START, "view", "ada", 2), (START, "like", "bob", 1)]
    await insert(pool, events)
    await world.run(START)
    assert "activity_policy" in await problem(await api.get(TOP), 404, "unknown-ranking")
    assert await world.value("select count(*) from core.user_window") == 0

    # What came before is counted by the next run.
    await publish_to(world, "admin")
    await world.run(START + timedelta(minutes=1))
    await problem(await admin_api.get(TOP), 401, "unauthorized")
    answer = await admin_api.get(TOP, headers=ADMIN)
    assert [item["contentId"] for item in answer.json()["items"]] == ["ada", "bob"]
    assert answer.json()["stale"] is False
    assert answer.headers["cache-control"].startswith("private")
    assert "authorization" in answer.headers["vary"]

    await publish_to(world, "nobody")
    await problem(await admin_api.get(TOP, headers=ADMIN), 404, "unknown-ranking")
    await world.run(START + timedelta(minutes=2))
    assert await world.value("select count(*) from core.user_window") == 0


@pytest.mark.parametrize("purges", [False, True])
async def test_an_erased_user_is_in_no_list_and_an_erased_item_s_actions_go(
    world: World, admin_api: httpx.AsyncClient, pool: Pool, purges: bool
) -> None:
    await publish_to(world, "all")
    now = EPOCH + timedelta(microseconds=unix_microseconds())
    now = now.replace(microsecond=0)
    events: Done = [(now, "view", "ada", 2), (now, "like", "bob", 1)]
    await insert(pool, events)
    await world.run(now)
    await insert(pool, [(now, "share", "ada", 5)])
    body = {"userId": "ada", "counts": "purge" if purges else "keep"}
    answer = await admin_api.post("/admin/erasures", json=body, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    assert await shown(admin_api, "7d") == [("bob", 1)]
    # Nor do they come back where everybody is counted anew.
    await world.execute("delete from core.user_window_position")
    await world.run(now + timedelta(minutes=1))
    assert await shown(admin_api, "7d") == [("bob", 1)]
    body = {"contentId": "a", "counts": "purge"}
    answer = await admin_api.post("/admin/erasures", json=body, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    await world.run(now + timedelta(minutes=2))
    assert await shown(admin_api, "7d") == []


async def test_a_correction_is_followed(world: World, api: httpx.AsyncClient, pool: Pool) -> None:
    await publish_to(world, "all")
    await insert(pool, [(START, "view", "ada", 2), (START, "like", "bob", 1)])
    await world.run(START)
    await world.execute("update core.event set counted = false where user_id = 'ada'")
    await world.execute("call api.reconcile(%s, is_expected => true)", START)
    await world.run(START + timedelta(minutes=1))
    assert await shown(api, "week") == [("bob", 1)]
