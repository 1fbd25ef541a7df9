"""Alerts: raised once a crossing, in the run that found it, at a cost that follows what changed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.alerting import (
    SECRET,
    breaks_out,
    enters_top,
    passes_count,
    raised,
    subscribe,
)
from tests.sql.oracle import Event
from tests.sql.world import AS_OF, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
async def top(world: World) -> World:
    """Five items in a ranking by plain views, after its first run: 1 leads, 5 is last."""
    await world.ranking("top", formula="top_count", window="24h", half_life=None)
    for number in range(1, 6):
        await world.item(f"i{number}", category="odd" if number % 2 else "even")
        await world.happened(number, count=60 - 10 * number, ago=HOUR)
    await world.run()
    return world


async def view(world: World, item: int, count: int = 1, *, step: int, type_: str = "view") -> None:
    """Let something happen in minute `step` after AS_OF, and run the rankings then."""
    at = AS_OF + step * MINUTE
    await world.insert([Event(item=item, type=type_, occurred_at=at, received_at=at, count=count)])
    await world.run(at, forced=True)


async def about(world: World) -> list[tuple[int, int | str, int | None, int | None]]:
    """Return subscription, item, rank and rank before of every alert."""
    return [(a.subscription, a.key, a.rank, a.previous_rank) for a in await raised(world)]


async def test_an_item_that_enters_the_top_is_told_of_once(top: World) -> None:
    any_item = await subscribe(top, enters_top(2), ranking="top")
    fourth = await subscribe(top, enters_top(2), ranking="top", contentId="i4")
    await subscribe(top, enters_top(1), ranking="top", contentId="i4")
    await view(top, 4, 25, step=1)  # 1: 50, 4: 45, 2: 40
    assert await about(top) == [(any_item, "4", 2, 4), (fourth, "4", 2, 4)]
    await view(top, 4, step=2)
    await view(top, 5, step=3)
    assert len(await raised(top)) == 2


async def test_it_is_told_of_again_when_it_comes_back(top: World) -> None:
    await subscribe(top, enters_top(1), ranking="top")
    await view(top, 2, 20, step=1)
    await view(top, 1, 20, step=2)
    await view(top, 2, 20, step=3)
    assert [key for _, key, *_ in await about(top)] == ["2", "1", "2"]


async def test_a_cooldown_keeps_one_item_quiet_and_no_other(top: World) -> None:
    await subscribe(top, enters_top(1), ranking="top", cooldown=150)
    for step, item in enumerate((2, 1, 2, 1, 2), start=1):
        await view(top, item, 20, step=step)
    # 2 at minute 1, 1 at 2; 2 again at 3 and 1 at 4 are too early, 2 at 5 is not.
    assert [key for _, key, *_ in await about(top)] == ["2", "1", "2"]
    steps = await top.rows("select occurred_at from core.alert order by alert_id")
    assert [(at - AS_OF) // MINUTE for (at,) in steps] == [1, 2, 5]


async def test_a_new_item_has_no_rank_before(top: World) -> None:
    await subscribe(top, enters_top(3), ranking="top")
    await top.item("new")
    await view(top, 6, 100, step=1)
    assert await about(top) == [(1, "6", 1, None)]


async def test_the_first_run_and_the_first_of_changed_settings_raise_none(world: World) -> None:
    await world.ranking("top", formula="top_count", window="24h")
    await subscribe(world, enters_top(3), ranking="top")
    for number in (1, 2, 3):
        await world.item(f"i{number}")
        await world.happened(number, count=10 * number)
    await world.run()
    assert await raised(world) == []
    await world.execute('update core.ranking set options = \'{"metric": "likes"}\'')
    await view(world, 1, 5, step=1, type_="like")
    assert await raised(world) == []
    await view(world, 2, 9, step=2, type_="like")
    assert await about(world) == [(1, "2", 1, None)]


async def test_a_paused_one_and_that_of_a_revoked_key_raise_none(top: World) -> None:
    key = await top.value(
        """
        insert into core.api_key (name, kind, prefix, key_hash, scopes, created_at)
        values ('k', 'secret', 'p', 'h', '{admin}', %s) returning key_id
        """,
        AS_OF,
    )
    await subscribe(top, enters_top(1), ranking="top", owner=key)
    await subscribe(top, enters_top(1), ranking="top")
    await subscribe(top, passes_count(51), owner=key)
    await subscribe(top, passes_count(51))
    await top.execute(
        "update core.alert_subscription set status = 'paused' where owner_key_id is null"
    )
    await top.execute("update core.api_key set revoked_at = %s", AS_OF)
    await view(top, 2, 20, step=1)
    assert await raised(top) == []
    await top.execute("update core.alert_subscription set status = 'active'")
    await view(top, 1, 20, step=2)
    assert [alert.subscription for alert in await raised(top)] == [4, 2]


async def test_creators_and_categories_enter_a_top_too(world: World) -> None:
    await world.ranking("tops", formula="top_count", subject="category", window="24h")
    for number, category in enumerate(("a", "b"), start=1):
        await world.item(f"i{number}", category=category)
        await world.happened(number, count=30 - 10 * number, ago=HOUR)
    await world.run()
    await subscribe(world, enters_top(1), ranking="tops", contentId="b")
    await subscribe(world, enters_top(1), ranking="tops", contentId="a")
    await view(world, 2, 20, step=1)
    assert await about(world) == [(1, "b", 1, 2)]


async def test_a_breakout_is_told_of_when_it_passes_the_score(world: World) -> None:
    await world.ranking("b", formula="breakout", window="1h")
    for number in range(1, 21):
        await world.item(f"i{number}")
        for hours in range(1, 24):
            await world.happened(number, count=20, ago=hours * HOUR + MINUTE)
        await world.happened(number, count=20, ago=30 * MINUTE)
    await world.run()
    assert len(await world.places("b")) == 20
    await subscribe(world, breaks_out(2.5), ranking="b")
    await subscribe(world, breaks_out(6), ranking="b")
    await view(world, 7, 70, step=1)
    score = (await world.scores("b"))[7]
    assert 2.5 < score < 6
    assert await about(world) == [(1, "7", 1, 1 + 6)]
    await view(world, 7, 10, step=2)
    await view(world, 7, 200, step=3)
    assert [(s, key) for s, key, *_ in await about(world)] == [(1, "7"), (2, "7")]
    assert await world.value("select min(score) from core.alert") == score


async def test_a_count_is_passed_once_also_if_it_falls_and_passes_again(top: World) -> None:
    await subscribe(top, passes_count(52))
    await subscribe(top, passes_count(52), contentId="i2")
    await subscribe(top, passes_count(10, "likes"))
    await view(top, 1, 1, step=1)
    assert await raised(top) == []
    await view(top, 1, 1, step=2)
    assert [(a.subscription, a.key, a.total) for a in await raised(top)] == [(1, "1", 52)]
    for step, (type_, count) in enumerate(
        (("like", 12), ("unlike", 5), ("like", 5), ("view", 400)), start=3
    ):
        await view(top, 1, count, step=step, type_=type_)
    assert [(a.subscription, a.key, a.total) for a in await raised(top)][1:] == [(3, "1", 12)]


async def test_counts_may_be_of_one_content_type(top: World) -> None:
    await top.execute("update core.ranking set content_type = 'movie'")
    await top.item("film", content_type="movie")
    await subscribe(top, passes_count(1), ranking="top")
    await top.happened(1, count=5)
    await view(top, 6, step=1)
    assert [alert.key for alert in await raised(top)] == ["6"]


async def test_an_alert_dies_with_the_snapshot_that_it_is_of(top: World) -> None:
    """Neither is stored where the transaction ends early, and both at the next try."""
    await subscribe(top, enters_top(1), ranking="top", url="https://example.org/")
    await subscribe(top, passes_count(60))
    await top.insert([Event(item=2, type="view", occurred_at=AS_OF, received_at=AS_OF, count=90)])
    connection = top.connection
    await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
    try:
        async with connection.transaction(force_rollback=True):
            await top.execute("select * from api.refresh_rankings(%s)", AS_OF + MINUTE)
            assert len(await raised(top)) == 2
    finally:
        await connection.set_isolation_level(None)
    await top.execute("select pg_advisory_unlock_all()")
    assert await raised(top) == []
    await top.run(AS_OF + MINUTE)
    assert [alert.type for alert in await raised(top)] == ["passes_count", "enters_top"]
    assert await top.rows("select subscription_id, attempt from core.alert_outbox") == [(1, 0)]


async def test_who_subscribes_while_rankings_run_disturbs_nothing(top: World) -> None:
    """A subscription that goes away meanwhile leaves nothing that anybody is told of."""
    gone = await subscribe(top, enters_top(1), ranking="top", url="https://example.org/")
    await subscribe(top, enters_top(1), ranking="top")
    await top.execute("delete from core.alert_subscription where subscription_id = %s", gone)
    await view(top, 2, 20, step=1)
    assert [s for s, *_ in await about(top)] == [2]
    await top.execute("delete from core.ranking")
    for table in ("alert", "alert_outbox", "alert_crossing", "alert_subscription"):
        assert await top.value(f"select count(*) from core.{table}") == 0  # noqa: S608 - ours


async def touched(world: World, call: str) -> int:
    """Return how many pages a call looks at, once it is compiled.

    The least of some calls: where an autovacuum has just analyzed a table, a server compiles anew.
    """
    pages = []
    for _ in range(4):
        plan = await world.rows(f"explain (analyze, buffers, format text) select {call}")
        found = re.findall(r"Buffers: shared ([a-z=\d ]+)", "\n".join(line for (line,) in plan))
        pages.append(sum(map(int, re.findall(r"(?:hit|read)=(\d+)", found[0]))) if found else 0)
    return min(pages)


COUNTS = "api.raise_count_alerts('2026-03-15 12:00Z', '-infinity')"
PLACES = """
api.raise_alerts(r, run.run_id)
from core.ranking as r join core.ranking_run as run using (ranking_id)
"""


async def test_without_subscriptions_nothing_is_looked_at(undone: World) -> None:
    """And with one, only what has changed: not the many items that have not."""
    lines = "select count(*) from core.job_run"
    before = await undone.value(lines)
    await undone.execute("delete from core.ranking where name <> 'top_viewed'")
    await undone.execute("delete from core.item_window")
    await undone.execute("delete from core.score_feed")
    await undone.execute(
        """
        insert into core.item_window
        select 'all', n, now(), 10, 0, 0, 0, 0 from generate_series(1, 50000) as n
        """
    )
    await undone.execute("analyze core.item_window")
    size = await undone.value("select pg_relation_size('core.item_window_all') / 8192")
    await undone.execute(
        """
        insert into core.score_feed
        select n, now(), 'view', 10, null from generate_series(1, 3) as n
        """
    )
    await undone.execute(
        """
        with run as (
            insert into core.ranking_run
                (ranking_id, as_of, confirmed_at, finished_at, parameters, print)
            select ranking_id, now(), now(), now(), api.ranking_parameters(r), ''
            from core.ranking as r
            returning run_id
        )
        insert into core.ranking_snapshot (run_id, segment, entries)
        select run_id, '', array(
            select row(null, n, 1, 1, 1, 1, 1, '{}')::core.ranking_entry
            from generate_series(1, 1000) as n
        ) from run
        """
    )
    assert await touched(undone, COUNTS) <= 3
    assert await touched(undone, PLACES) <= 10
    assert await undone.value(lines) == before

    await subscribe(undone, passes_count(5))
    assert size > 300
    assert await touched(undone, COUNTS) < 150
    assert len(await raised(undone)) == 3


NONSENSE: list[tuple[dict[str, object], str]] = [
    ({"ranking": "nope"}, "ranking: none is called 'nope'"),
    ({"ranking": None}, "ranking: missing"),
    ({"condition": enters_top(0)}, "condition.n: use 1 to 1000, the places that"),
    ({"condition": enters_top(1001)}, "condition.n: use 1 to 1000"),
    ({"condition": breaks_out(2)}, "condition.type: breaksOut needs a ranking with formula"),
    ({"condition": passes_count(0)}, "condition.count: use 1 to 10"),
    ({"condition": passes_count(5, "claps")}, "condition.metric: use one of views, likes"),
    ({"contentId": "nobody"}, "contentId: no video has the id 'nobody'"),
    ({"contentType": "video"}, "contentType: needs a contentId"),
    ({"name": ""}, "name: use 1 to 200"),
    ({"cooldown": -1}, "cooldown: use 0 seconds to 30 days"),
    ({"cooldown": 3_000_000}, "cooldown: use 0 seconds to 30 days"),
    ({"url": "https:///path"}, "url: use http:// or https://, a host"),
    ({"url": "ftp://example.org/"}, "url: use http:// or https://, a host"),
    ({"url": "http://example.org:99999/"}, "url: use http:// or https://, a host"),
    ({"url": "http://[::1]:0/"}, "url: use http:// or https://, a host"),
    ({"url": "https://example.org/\nhost: evil"}, "url: use http:// or https://, a host"),
    ({"url": "https://exa mple.org/"}, "url: use http:// or https://, a host"),
    ({"url": "https://me:pass@example.org/"}, "url: leave user names and passwords out"),
    ({"url": "https://example.org/" + "x" * 2000}, "url: use at most 2000"),
]


async def test_nonsense_is_refused_by_the_name_of_the_field(top: World) -> None:
    for given, fault in NONSENSE:
        wanted: dict[str, Any] = {"condition": enters_top(1), "ranking": "top", **given}
        with pytest.raises(psycopg.Error, match=re.escape(fault)):
            await subscribe(top, **wanted)


async def test_sensible_addresses_are_taken(top: World) -> None:
    for url, receiver in (
        ("https://Example.org", "example.org"),
        ("http://example.org:8080/a?b=c#d", "example.org:8080"),
        ("https://[2001:db8::1]:443/", "[2001:db8::1]:443"),
        ("http://[2001:0:0:0:0:0:0:0]/", "[2001:0:0:0:0:0:0:0]"),
    ):
        made = await subscribe(top, enters_top(1), ranking="top", url=url)
        known = "select receiver from core.alert_subscription where subscription_id = %s"
        assert await top.value(known, made) == receiver


async def test_items_of_another_type_cannot_enter(top: World) -> None:
    await top.execute("update core.ranking set content_type = 'movie'")
    with pytest.raises(psycopg.errors.CheckViolation, match="contentType: ranking top is of movie"):
        await subscribe(top, enters_top(1), ranking="top", contentId="i1")


async def test_each_key_has_so_many(top: World) -> None:
    await top.execute("update core.alert_policy set max_subscriptions = 2")
    for _ in range(2):
        await subscribe(top, enters_top(1), ranking="top")
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        await subscribe(top, enters_top(1), ranking="top")
    # What is there can still be changed, whatever has become of the ranking.
    await top.execute("update core.ranking set size = 1")
    await top.execute("update core.alert_subscription set status = 'paused'")


async def test_old_alerts_and_deliveries_are_removed(top: World) -> None:
    await subscribe(top, enters_top(1), ranking="top", url="https://example.org/")
    await view(top, 2, 20, step=1)
    await view(top, 1, 20, step=2)
    await top.execute(
        "select api.record_delivery(alert_id, 1, occurred_at, 500, '1 s', 'e', %s, false, null) "
        "from core.alert",
        AS_OF + HOUR,
    )
    newest = await top.value("select max(alert_id) from core.alert")
    await top.execute("call api.maintain_storage(%s)", AS_OF + timedelta(days=30, seconds=90))
    for table in ("alert", "alert_delivery", "alert_outbox"):
        assert await top.rows(f"select alert_id from core.{table}") == [(newest,)]  # noqa: S608 - ours


async def test_readers_of_sql_see_no_secret(top: World) -> None:
    await subscribe(top, enters_top(1), ranking="top", url="https://example.org/t0ken")
    await view(top, 2, 20, step=1)
    await top.execute("set role groundswell_read")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await top.rows("select * from core.alert_subscription")
        (row,) = await top.rows("select to_jsonb(a)::text from api.raised_alert as a")
    finally:
        await top.execute("reset role")
    assert SECRET not in row[0]
    assert "t0ken" not in row[0]
