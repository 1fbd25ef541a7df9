"""Publishing has the rights that it needs, and reads no more than it needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from app.sink import queries as sql
from tests.sql.world import World

SQL = Path(sql.__file__).parent / "sql"
CLAIM = (SQL / "claim_ranking_lane.sql").read_text().replace("%(lease)s", "'1 minute'")
NOW = datetime(2026, 9, 1, tzinfo=UTC)


async def test_the_services_role_may_publish(world: World) -> None:
    connection = world.connection
    await world.execute("set role groundswell_service")
    await sql.switch_sink(connection, stream="event", to_on=True)
    await sql.switch_sink(connection, stream="ranking", to_on=True)
    await world.execute(
        "insert into core.outgoing (lane, noted_at, events, since, until, event_ids)"
        " values (1, now(), 1, %s, %s, array[%s])",
        NOW,
        NOW,
        uuid4(),
    )
    lease = timedelta(minutes=1)
    claim = await sql.claim_lane(connection, stream="event", lease=lease)
    assert claim is not None
    assert await sql.held_lanes(connection) == [claim]
    rows = await sql.outgoing_batch(connection, lane=claim.lane, most=10)
    event_id = rows[0].event_ids[0]
    found = await sql.outgoing_events(connection, event_ids=[event_id], since=NOW, until=NOW)
    assert found == []
    refused = sql.Event(
        event_id=event_id,
        event_type="view",
        content_id="a",
        content_type="video",
        occurred_at=NOW,
        received_at=NOW,
        count=1,
        seconds=None,
        user_id=None,
        session_id=None,
        metadata=None,
        counted=True,
        uncounted_because=None,
        item_id=1,
    )
    # Refused a second time, too, after api.retry_unpublished.
    for reason in ("too large", "still too large"):
        await sql.end_batch(connection, claim=claim, rows=rows, refused=[(refused, reason)])
    assert await world.value("select reason from core.unpublished") == "still too large"
    assert await world.value("select api.retry_unpublished()") == 1
    assert await sql.claim_lane(connection, stream="ranking", lease=lease) is None
    for step in await sql.begin_rankings(connection):
        await sql.ranking_lists(connection, run_id=step.next_run_id)
        await sql.end_ranking(connection, step=step)
    status = {each.stream: each.waiting for each in await sql.sink_streams(connection)}
    assert status == {"event": 1, "ranking": 0}
    assert await sql.switch_sink(connection, stream="event", to_on=False) == 1
    await world.execute("reset role")


async def test_looking_for_new_lists_reads_no_events_that_wait(world: World) -> None:
    """It is asked twice a second, and millions of rows may wait while brokers are down."""
    lines = await world.rows(f"explain {CLAIM}")
    plan = "\n".join(line for (line,) in lines)
    assert "ranking_run" in plan
    assert "outgoing" not in plan
    assert "unpublished" not in plan
