"""The statements of publishing: which batch is whose, what is in it, and how far it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from app.runtime.sql import Command, Connection, Query

Stream = Literal["event", "ranking"]


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A lane's batch that is ours to publish."""

    lane: int
    batch: int


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Events that one transaction has inserted, and that are still to be published."""

    outgoing_id: int
    since: datetime
    until: datetime
    event_ids: list[UUID]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is stored now."""

    event_id: UUID
    event_type: str
    content_id: str
    content_type: str
    occurred_at: datetime
    received_at: datetime
    count: int
    seconds: float | None
    user_id: str | None
    session_id: str | None
    metadata: str | None
    """JSON."""
    counted: bool
    uncounted_because: str | None
    item_id: int


class StreamStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What is published of one kind, and how much of it waits."""

    stream: str
    since: datetime | None
    """Null: it is off."""
    waiting: int
    age_seconds: float
    """Of what has waited longest."""
    unpublished: int
    """What the brokers do not take."""
    given_up: int


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """From which lists of a ranking to which: what differs is published."""

    ranking_id: int
    run_id: int | None
    """What readers have; null: nothing yet."""
    next_run_id: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a list of a run."""

    segment: str
    rank: int
    score: float
    content_id: str
    content_type: str
    ranking: str
    window: str
    as_of: datetime


class _Dropped(msgspec.Struct, frozen=True, kw_only=True):
    dropped: int


_CLAIM_EVENT_LANE = Query("claim_event_lane", Claim)
_CLAIM_RANKING_LANE = Query("claim_ranking_lane", Claim)
_RELEASE_LANE = Command("release_lane")
_HELD_LANES = Query("held_lanes", Claim)
_OUTGOING_BATCH = Query("outgoing_batch", Row)
_OUTGOING_EVENTS = Query("outgoing_events", Event)
_END_BATCH = Command("end_batch")
_KEEP_UNPUBLISHED = Command("keep_unpublished")
_SINK_STREAMS = Query("sink_streams", StreamStatus)
_SWITCH_SINK = Query("switch_sink", _Dropped)
_BEGIN_RANKINGS = Query("begin_rankings", Step)
_RANKING_LISTS = Query("ranking_lists", Place)
_END_RANKING = Command("end_ranking")


async def claim_lane(connection: Connection, *, stream: Stream, lease: timedelta) -> Claim | None:
    """Take a batch that nobody else publishes for so long; None where nothing is to be done."""
    query = _CLAIM_EVENT_LANE if stream == "event" else _CLAIM_RANKING_LANE
    return await query.first(connection, lease=lease)


async def release_lane(connection: Connection, *, claim: Claim) -> None:
    """Let others take the lane again."""
    await _RELEASE_LANE.run(connection, lane=claim.lane, batch=claim.batch)


async def held_lanes(connection: Connection) -> list[Claim]:
    """Return the batches that are being published now, by whomever."""
    return await _HELD_LANES.all(connection)


async def outgoing_batch(connection: Connection, *, lane: int, most: int) -> list[Row]:
    """Return what is to be published next of a lane: about `most` events, in order."""
    return await _OUTGOING_BATCH.all(connection, lane=lane, most=most)


async def outgoing_events(
    connection: Connection, *, event_ids: list[UUID], since: datetime, until: datetime
) -> list[Event]:
    """Return those of some events that are still there, in no order."""
    return await _OUTGOING_EVENTS.all(connection, event_ids=event_ids, since=since, until=until)


async def end_batch(
    connection: Connection, *, claim: Claim, rows: list[Row], refused: list[tuple[Event, str]]
) -> None:
    """Take what was published from what waits, keep what the brokers refused, free the lane."""
    async with connection.transaction():
        for event, reason in refused:
            await _KEEP_UNPUBLISHED.run(
                connection,
                event_id=event.event_id,
                occurred_at=event.occurred_at,
                item_id=event.item_id,
                reason=reason,
            )
        ids = [row.outgoing_id for row in rows]
        await _END_BATCH.run(connection, lane=claim.lane, outgoing_ids=ids)
        await release_lane(connection, claim=claim)


async def sink_streams(connection: Connection) -> list[StreamStatus]:
    """Return what is on, and how much of it waits."""
    return await _SINK_STREAMS.all(connection)


async def switch_sink(connection: Connection, *, stream: Stream, to_on: bool) -> int:
    """Switch a kind on or off; return how many events waited and are published no more."""
    found = await _SWITCH_SINK.first(connection, stream=stream, to_on=to_on)
    return 0 if found is None else found.dropped


async def begin_rankings(connection: Connection) -> list[Step]:
    """Settle what is published next of each ranking; it stays so until it is ended."""
    return await _BEGIN_RANKINGS.all(connection)


async def ranking_lists(connection: Connection, *, run_id: int) -> list[Place]:
    """Return the first places of all lists of a run, as many as `core.sink` says."""
    return await _RANKING_LISTS.all(connection, run_id=run_id)


async def end_ranking(connection: Connection, *, step: Step) -> None:
    """Note that readers have the lists of a run."""
    await _END_RANKING.run(connection, ranking_id=step.ranking_id, run_id=step.next_run_id)
