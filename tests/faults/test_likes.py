"""Like counts in Redis: no order of writes leaves an old one, and a lost write is made good."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.likes import keys
from app.likes import reconciler as like_reconciler
from app.likes.counts import LikeCount, LikeCounts
from app.likes.queries import LikeState, set_like
from app.likes.reconciler import LikeReconciler, Mended, run_like_reconciler
from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.liking import shown, toggle
from tests.serving import api_of
from tests.tokens import SECRET

KEY = keys.like_count("video", "a")
ALWAYS = timedelta(0)


async def commit_only(pool: Pool, user: str, item: str = "a") -> LikeState:
    """Toggle as a process does that is killed between its commit and its write to Redis."""
    async with pool.connection() as connection:
        state = await set_like(
            connection,
            user_id=user,
            content_type="video",
            content_id=item,
            wanted=None,
            registers=True,
            event_id=uuid4(),
            as_of=datetime.now(UTC),
        )
    assert state is not None
    return state


async def ledger(pool: Pool) -> list[tuple[int | None, str | None, bool]]:
    """Rows, error and whether it has ended, of each run of the job, the first first."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select row_count, error, finished_at is not null from core.job_run "
            "where job = 'reconcile_likes' order by job_run_id"
        )
        return await cursor.fetchall()


@pytest.fixture
def reconciler(settings: Settings, pool: Pool, redis: Redis) -> LikeReconciler:
    return LikeReconciler(settings=settings, pool=pool, redis=redis)


@pytest.mark.usefixtures("clean")
async def test_no_order_of_writes_leaves_an_older_count(redis: Redis) -> None:
    counts = LikeCounts(redis)
    item = ("video", "a")
    versions = list(range(1, 101))
    random.Random(7).shuffle(versions)  # noqa: S311  # only their order
    # A toggle and a refill after a miss write alike: each what it saw.
    await asyncio.gather(
        *(
            counts.note_change(item, LikeCount(version, version * 10))
            if version % 2
            else counts.store(item, LikeCount(version, version * 10))
            for version in versions
        )
    )
    assert await counts.get(item) == LikeCount(100, 1_000)
    for rubbish in (b"", b"7", b"x y", b"-1 5"):
        await redis.set(KEY, rubbish)
        assert await counts.get(item) is None
        await counts.store(item, LikeCount(3, 2**62))
        assert await counts.get(item) == LikeCount(3, 2**62)


@pytest.mark.usefixtures("clean")
async def test_a_lost_write_is_seen_by_who_reads_and_mended_for_who_does_not(
    settings: Settings, pool: Pool, redis: Redis, reconciler: LikeReconciler
) -> None:
    async with api_of(msgspec.structs.replace(settings, jwt_secret=SECRET)) as api:
        for item in "ab":
            await toggle(api, "ada", item)
            assert (await commit_only(pool, "bob", item)).likes == 2
        assert await shown(api) == (True, 2)
        assert await redis.get(KEY) == b"2 2"
        assert await redis.get(keys.like_count("video", "b")) == b"1 1"
        assert await reconciler.reconcile() == Mended(compared=2, mended=1)
        assert await redis.get(keys.like_count("video", "b")) == b"2 2"
        assert await ledger(pool) == [(1, None, True)]
        assert await toggle(api, "bob", "b") == (False, 1)


@pytest.mark.usefixtures("clean")
async def test_a_count_that_is_simply_wrong_is_mended(
    pool: Pool, redis: Redis, reconciler: LikeReconciler
) -> None:
    version = (await commit_only(pool, "ada")).version
    await redis.set(KEY, f"{version} 7")
    assert await reconciler.reconcile(every=ALWAYS) == Mended(compared=1, mended=1)
    await redis.set(KEY, b"rubbish")
    assert await reconciler.reconcile(every=ALWAYS) == Mended(compared=1, mended=1)
    assert await redis.get(KEY) == b"1 1"
    # What Redis does not hold cannot be wrong.
    await redis.flushall()
    assert await reconciler.reconcile(every=ALWAYS) == Mended(compared=0, mended=0)
    assert await redis.exists(KEY) == 0


@pytest.mark.usefixtures("clean")
async def test_after_a_restore_the_database_wins(
    settings: Settings, redis: Redis, reconciler: LikeReconciler
) -> None:
    """Redis has versions of changes that the database has lost; no count changes after that."""
    async with api_of(msgspec.structs.replace(settings, jwt_secret=SECRET)) as api:
        await toggle(api, "ada")
        await redis.set(KEY, b"9 7")
        assert await shown(api) == (True, 1)
        assert await redis.get(KEY) == b"1 1"
        await redis.set(KEY, b"9 7")
        assert await toggle(api, "bob") == (True, 2)
    # Of an item that the database does not know any more.
    await redis.set(keys.like_count("book", "x:{y}%"), b"3 3")
    assert await reconciler.reconcile() == Mended(compared=2, mended=2)
    assert await redis.get(KEY) == b"2 2"
    assert await redis.exists(keys.like_count("book", "x:{y}%")) == 0


@pytest.mark.usefixtures("clean")
async def test_a_toggle_during_a_run_is_ahead_of_what_the_run_has_read(redis: Redis) -> None:
    counts = LikeCounts(redis)
    await redis.set(KEY, b"2 2")
    read = [(("video", "a"), b"1 1", LikeCount(2, 1))]
    assert await counts.mend(read) == 0
    assert await redis.get(KEY) == b"2 2"


@pytest.mark.usefixtures("clean")
async def test_a_run_looks_at_all_that_redis_holds_whenever_it_changed(
    pool: Pool, redis: Redis, reconciler: LikeReconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(like_reconciler, "PAGE", 3)
    for number in range(10):
        await commit_only(pool, "ada", f"item {number}")
        await redis.set(keys.like_count("video", f"item {number}"), b"0 9")
    assert await reconciler.reconcile() == Mended(compared=10, mended=10)
    async with pool.connection() as connection:
        await connection.execute("update core.item_like_count set changed_at = '2020-01-01'")
    await redis.set(keys.like_count("video", "item 4"), b"1 5")
    assert await reconciler.reconcile(every=ALWAYS) == Mended(compared=10, mended=1)


@pytest.mark.usefixtures("clean")
async def test_a_wrong_count_in_the_database_is_found_within_a_day_though_nobody_touches_it(
    pool: Pool, redis: Redis, reconciler: LikeReconciler
) -> None:
    for name in ("a", "b"):
        await commit_only(pool, "ada", name)
        await commit_only(pool, "bob", name)
    await redis.set(KEY, b"2 2")
    async with pool.connection() as connection:
        # Ids far apart, as of a catalogue of millions, and one table restored without the other.
        await connection.execute(
            "insert into core.item (item_id, content_type, external_id) overriding system value "
            "values (10000000, 'video', 'last')"
        )
        await connection.execute(
            "insert into core.item_like (item_id, user_id, liked, changed_at) "
            "values (10000000, 'ada', true, '2026-03-01')"
        )
        await connection.execute(
            "update core.item_like_count set likes = 7, changed_at = '2020-01-01' "
            "where item_id = (select item_id from core.item where external_id = 'a')"
        )
        await connection.execute("delete from core.item_like_count where item_id = 10000000")
    runs = timedelta(days=1) // (like_reconciler.EVERY + timedelta(seconds=15))
    assert runs >= 2 * like_reconciler.RUNS
    # One run finds what it begins with, the others what comes after.
    found = [await reconciler.reconcile(every=ALWAYS) for _ in range(like_reconciler.RUNS)]
    assert found[0] == Mended(compared=1, mended=2), "in the database, and then in Redis"
    assert sum(each.mended for each in found if each) == 3
    assert await redis.get(KEY) == b"3 2"
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select item.external_id, counted.likes, counted.version from core.item_like_count "
            "as counted inner join core.item as item using (item_id) order by 1"
        )
        assert await cursor.fetchall() == [("a", 2, 3), ("b", 2, 2), ("last", 1, 1)]


@pytest.mark.usefixtures("clean")
async def test_one_runs_at_a_time_and_one_in_five_minutes(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    await commit_only(pool, "ada")
    workers = [LikeReconciler(settings=settings, pool=pool, redis=redis) for _ in range(4)]
    found = await asyncio.gather(*(worker.reconcile() for worker in workers))
    assert sorted(found, key=str) == [Mended(0, 0), None, None, None]
    assert await workers[0].reconcile() is None
    # Who came while it ran has a line that says so.
    lines = await ledger(pool)
    assert [line for line in lines if not (line[1] or "").startswith("skipped")] == [
        (0, None, True)
    ]
    async with pool.connection() as connection:
        await connection.execute(
            "update core.job_run set started_at = started_at - interval '5 minutes'"
        )
    assert await workers[1].reconcile() is not None


@pytest.mark.usefixtures("clean")
async def test_a_run_that_fails_says_so_and_the_next_makes_it_good(
    pool: Pool, redis: Redis, reconciler: LikeReconciler
) -> None:
    await commit_only(pool, "ada")
    await commit_only(pool, "ada", "b")
    await redis.set(keys.like_count("video", "b"), b"0 9")
    assert await redis.lpush(KEY, b"a list is no count") == 1
    with pytest.raises(RedisError):
        await reconciler.reconcile()
    ((_, error, is_ended),) = await ledger(pool)
    assert is_ended
    assert error is not None
    assert "WRONGTYPE" in error
    await redis.delete(KEY)
    await redis.set(keys.like_count("video", "b"), b"0 9")
    assert await reconciler.reconcile() == Mended(compared=1, mended=1)


@pytest.mark.usefixtures("clean")
async def test_the_worker_reconciles_from_its_start(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    await commit_only(pool, "ada")
    await redis.set(KEY, b"0 9")
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_like_reconciler(settings=settings, pool=pool, redis=redis, stop=stop)
    )

    async def mended() -> bool:
        return bool(await redis.get(KEY) == b"1 1")

    await eventually(mended)
    stop.set()
    await running
    assert await ledger(pool) == [(1, None, True)]
