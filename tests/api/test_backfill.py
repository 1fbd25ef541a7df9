"""Old events: refused, unless they are a backfill, which waits for the live ones."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from redis.asyncio import Redis

from app.ingest import keys
from app.ingest.backfill import LIVE_LAG_SECONDS, Pace
from app.ingest.dead_letters import each_dead_letter
from app.ingest.group import WriterGroup
from app.ingest.retention import DEFAULT, Retention
from app.ingest.stream import Entry, to_fields
from app.runtime.pool import Pool, open_pool
from app.settings import Settings
from tests.eventually import eventually
from tests.serving import api_of, bearer, make_key
from tests.writing import packed, put, running_writer, waiting, written

pytestmark = pytest.mark.usefixtures("clean")


def days_ago(days: float) -> dict[str, str]:
    moment = datetime.now(UTC) - timedelta(days=days)
    return {"type": "view", "contentId": "a", "occurredAt": moment.isoformat()}


async def test_what_is_older_than_raw_events_are_kept_needs_a_backfill(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    writer, filler = await make_key(pool), await make_key(pool, "write", "backfill")
    own = msgspec.structs.replace(settings, require_keys="write", batch_seconds=0.02)
    events = [days_ago(34), days_ago(36), days_ago(400)]
    async with api_of(own) as api:
        live = await api.post("/analytics/events", json=events, headers=bearer(writer))
        assert (live.status_code, live.json()["accepted"]) == (202, 1)
        assert live.json()["rejected"][0] == {
            "index": 1,
            "reason": "occurredAt is more than 35 d ago, for which events are kept; "
            "only a backfill may send it",
        }
        path = "/analytics/events?backfill=true"
        refused = await api.post(path, json=events, headers=bearer(writer))
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
        taken = await api.post(path, json=events, headers=bearer(filler))
        assert (taken.status_code, taken.json()["accepted"]) == (202, 3)
        assert await waiting(redis) == 1
        assert await redis.xlen(keys.BACKFILL_STREAM) == 1
        async with running_writer(own, pool, redis):
            answer = await api.post(path + "&wait=true", json=events, headers=bearer(filler))
            assert answer.status_code == 200

            async def settled() -> bool:
                return not await waiting(redis) and not await redis.xlen(keys.BACKFILL_STREAM)

            await eventually(settled)
    assert (await written(pool)).rows == 7


async def test_nothing_is_taken_from_before_what_has_been_dropped(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    """It could not be counted in the aggregates: not even a backfill, not even one under way."""
    own = msgspec.structs.replace(settings, batch_seconds=0.02)
    events = [days_ago(34), days_ago(61), days_ago(59)]
    closed = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(60)
    path = "/analytics/events?backfill=true"
    async with api_of(own) as api:
        assert (await api.post(path, json=events)).json()["accepted"] == 3
    async with pool.connection() as connection:
        await connection.execute(
            "insert into core.known_chunk "
            "values ('engagement_1m', 'gone', now(), %s, %s, %s, true)",
            [closed - timedelta(10), closed, closed],
        )
    fault = f"before {closed.date()}, up to which events have been dropped"
    async with api_of(own) as api, running_writer(own, pool, redis):

        async def refused() -> bool:
            answer = await api.post(path + "&validate=true", json=events)
            expected = [{"index": 1, "reason": f"occurredAt is {fault}"}]
            return bool(answer.json()["rejected"] == expected)

        await eventually(refused)

        async def settled() -> bool:
            return not await redis.xlen(keys.BACKFILL_STREAM)

        await eventually(settled)
    (letter,) = [letter async for letter in each_dead_letter(redis)]
    assert fault in letter.reason
    async with pool.connection() as connection:
        rows = await connection.execute(
            "select count(*), min(occurred_at) >= %s from core.event", [closed]
        )
        assert await rows.fetchone() == (2, True)


async def test_the_policy_of_the_database_decides_and_the_last_known_while_it_is_down(
    settings: Settings, pool: Pool
) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "update core.storage_policy set keep_for = interval '90 days' "
            "where level in ('event', 'engagement_1m')"
        )
    retention = Retention(pool, timeout=5)
    assert retention.kept == DEFAULT
    assert await retention.refresh()
    assert retention.kept.keep_seconds == 90 * 86_400
    nowhere = msgspec.structs.replace(settings, database_url="postgresql://127.0.0.1:1/none")
    async with open_pool(nowhere) as closed:
        lost = Retention(closed, timeout=0.1)
        assert not await lost.refresh()
        assert lost.kept == DEFAULT


async def test_backfill_pauses_while_live_events_wait(redis: Redis) -> None:
    live = WriterGroup(redis, consumer="nobody", claim_seconds=1)
    stop = asyncio.Event()
    pace = Pace([live], stop)
    await pace.wait()
    old = int((datetime.now(UTC).timestamp() - LIVE_LAG_SECONDS - 1) * 1_000)
    fields = to_fields(Entry(0, [packed()]))
    await redis.xadd(keys.EVENT_STREAM, dict(fields.items()), id=f"{old}-0")
    held = asyncio.create_task(pace.wait())
    done, _ = await asyncio.wait({held}, timeout=0.5)
    assert not done
    await redis.delete(keys.EVENT_STREAM)
    await asyncio.wait_for(held, 5)
    await put(redis, [packed()])
    await asyncio.wait_for(pace.wait(), 5)
