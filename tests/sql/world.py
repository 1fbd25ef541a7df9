"""A few items and events in the database, the rankings over them, and what they came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from psycopg import sql
from psycopg.types.json import Jsonb

from app.runtime.sql import Connection
from tests.sql.oracle import DEFAULT_WEIGHTS, Counts, Event, Item, Key, Ranking

AS_OF = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
"""The moment all hand-worked examples are as of: a Sunday noon."""

INSERT_EVENTS = """
insert into core.event
    (event_id, occurred_at, received_at, item_id, event_type, count, seconds, counted, viewer)
select
    event_id, least(occurred_at, received_at), received_at, item_id, event_type, count, seconds,
    counted, viewer
from jsonb_to_recordset(%s) as given (
    event_id uuid, occurred_at timestamptz, received_at timestamptz, item_id bigint,
    event_type core.event_type, count integer, seconds double precision, counted boolean,
    viewer bigint
)
"""
FEED_EVENTS = """
insert into core.score_feed (item_id, occurred_at, event_type, count, seconds, viewer)
select item_id, least(occurred_at, received_at), event_type, count, seconds, viewer
from jsonb_to_recordset(%s) as given (
    occurred_at timestamptz, received_at timestamptz, item_id bigint,
    event_type core.event_type, count integer, seconds double precision, viewer bigint
)
"""


class World:
    """Hands events in as the writer does, and runs the jobs as the scheduler does."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.items: list[Item] = []
        self.events: list[Event] = []
        self.labels: list[tuple[int, date, date]] = []
        """Labelled viewers, since when and until when."""
        self.runs: set[int] = set()
        """Runs whose snapshots have been looked at."""

    async def item(
        self,
        external_id: str,
        *,
        content_type: str = "video",
        category: str | None = None,
        creator: str | None = None,
        published_at: datetime = AS_OF - timedelta(hours=10),
        attributes: Mapping[str, object] = MappingProxyType({}),
    ) -> int:
        """Register an item; ids count from 1 in the order of the calls."""
        item_id = await self.value(
            """
            insert into core.item
                (content_type, external_id, category, creator, published_at, attributes)
            values (%s, %s, %s, %s, %s, %s) returning item_id
            """,
            content_type, external_id, category, creator, published_at, Jsonb(dict(attributes)),
        )  # fmt: skip
        self.items.append(
            Item(
                item_id=item_id,
                content_type=content_type,
                category=category,
                creator=creator,
                published_at=published_at,
                attributes=attributes,
            )
        )
        return int(item_id)

    async def happened(
        self,
        item: int,
        type_: str = "view",
        count: int = 1,
        *,
        ago: timedelta = timedelta(0),
        seconds: float | None = None,
        viewer: int | None = None,
    ) -> None:
        """Insert one event, that long before AS_OF."""
        at = AS_OF - ago
        event = Event(
            item=item, type=type_, occurred_at=at, received_at=at, count=count, seconds=seconds,
            viewer=viewer,
        )  # fmt: skip
        await self.insert([event])

    async def insert(self, events: Sequence[Event]) -> None:
        """Insert events and feed them to scoring, in one transaction as the writer does."""
        rows = Jsonb([_row(event) for event in events])
        counted = Jsonb([_row(event) for event in events if event.counted])
        async with self.connection.transaction():
            await self.connection.execute(INSERT_EVENTS, [rows])
            await self.connection.execute(FEED_EVENTS, [counted])
        self.events.extend(events)

    async def run(self, as_of: datetime = AS_OF, *, forced: bool = False) -> None:
        """Run the scoring job, which must not fail; `forced`: whatever the schedules say."""
        fault = await self.run_with_faults(as_of, forced=forced)
        assert fault is None, fault

    async def run_with_faults(self, as_of: datetime = AS_OF, *, forced: bool = False) -> str | None:
        """Run the scoring job and return what has failed: scoring, or rankings by name."""
        await self.connection.execute(
            "call api.run_rankings(as_of => %s, forced => %s)", [as_of, forced]
        )
        error: str | None = await self.value(
            """
            select concat_ws('; ', ended.error, failed.errors)
            from (
                select error from core.job_run where job = 'run_rankings'
                order by job_run_id desc limit 1
            ) as ended
            cross join (
                select string_agg(format('%s: %s', name, error), '; ' order by ranking_id) as errors
                from core.ranking_state inner join core.ranking using (ranking_id)
                where error is not null
            ) as failed
            """
        )
        return error or None

    async def only(self, *names: str) -> None:
        """Delete all other rankings: a run computes nothing that its test does not ask for."""
        await self.execute("delete from core.ranking where name <> all(%s)", list(names))

    async def ranking(self, name: str, **columns: object) -> None:
        """Insert a ranking, and delete all others."""
        await self.only()
        names = ["name", *columns]
        values = [Jsonb(value) if isinstance(value, dict) else value for value in columns.values()]
        await self.connection.execute(
            sql.SQL("insert into core.ranking ({}) values ({})").format(
                sql.SQL(", ").join(map(sql.Identifier, names)),
                sql.SQL(", ").join(sql.Placeholder() for _ in names),
            ),
            [name, *values],
        )

    async def settings(self, *names: str) -> list[Ranking]:
        """Read rankings, all enabled ones unless named, for the oracle."""
        rows = await self.rows(
            """
            select to_jsonb(r) || jsonb_build_object(
                'half_life', date_part('epoch', half_life),
                'recent_half_life', date_part('epoch', recent_half_life)
            )
            from core.ranking as r
            where case when %(names)s::text[] = '{}' then enabled else name = any(%(names)s) end
            order by ranking_id
            """,
            {"names": list(names)},
        )
        return [_ranking(row) for (row,) in rows]

    async def places(self, name: str, segment: str = "") -> list[tuple[int, Key, float]]:
        """Rank, item or subject, and score in the newest snapshot."""
        return [
            (rank, item_id if item_id is not None else subject, score)
            for rank, item_id, subject, score in await self.rows(
                """
                select place.rank, place.item_id, place.subject, place.score
                from api.latest_run as run
                inner join api.stored_place as place on run.run_id = place.run_id
                where run.ranking = %s and place.segment = %s
                order by place.rank
                """,
                [name, segment],
            )
        ]

    async def scores(self, name: str, segment: str = "") -> dict[Key, float]:
        """Score of each item or subject in the newest snapshot, best first."""
        return {key: score for _, key, score in await self.places(name, segment)}

    async def components(self, name: str) -> dict[Key, list[float]]:
        """What each score of the newest snapshot is made of."""
        return {
            item_id if item_id is not None else subject: components
            for item_id, subject, components in await self.rows(
                """
                select place.item_id, place.subject, place.components
                from api.latest_run as run
                inner join api.stored_place as place on run.run_id = place.run_id
                where run.ranking = %s and place.segment = ''
                order by place.rank
                """,
                [name],
            )
        }

    async def windows(self) -> dict[str, dict[int, Counts]]:
        """Every moving window as of the last run."""
        found: dict[str, dict[int, Counts]] = {}
        for window, item_id, *sums in await self.rows(
            'select "window", item_id, views, likes, comments, shares, watch_seconds '
            "from core.item_window"
        ):
            found.setdefault(window, {})[item_id] = Counts(*sums)
        return found

    async def ranked(self, name: str, as_of: datetime) -> dict[str, list[tuple[int, Key, float]]]:
        """Rank, item or subject, and score of every segment, computed now."""
        found: dict[str, list[tuple[int, Key, float]]] = {}
        for segment, rank, item_id, subject, score in await self.rows(
            """
            select place.segment, place.rank, place.item_id, place.subject, place.score
            from core.ranking as r
            cross join lateral api.ranked(r, %s) as place
            where r.name = %s
            order by place.segment, place.rank
            """,
            [as_of, name],
        ):
            key = item_id if item_id is not None else subject
            found.setdefault(segment, []).append((rank, key, score))
        return found

    async def forget(self) -> None:
        """Empty what items, events and runs have filled; the rankings stay."""
        await self.execute(
            """
            truncate core.item, core.upload, core.item_birth, core.item_exclusion,
                core.item_like, core.item_like_count, core.category_count, core.recategorised,
                core.event, core.known_chunk, core.score_feed,
                core.ranking_score, core.ranking_state, core.recount, core.item_window,
                core.window_position, core.item_hot, core.ranking_run, core.ranking_snapshot,
                core.ranking_base,
                core.job_run, core.alert_subscription, core.alert, core.alert_crossing,
                core.alert_history, core.alert_backlog, core.alert_outbox, core.alert_delivery,
                core.viewer_day, core.viewer_item, core.viewer_position, core.viewer_recount,
                core.comment, core.translation, core.item_neighbour,
                core.editorial_rule, core.editorial_review,
                core.actor_action, core.discount, core.actor_label, core.applied_label
                restart identity
            """
        )
        await self.execute("update core.category_level set moments = '{}' where moments <> '{}'")
        await self.execute("update core.neighbour_progress set counted_to = null")
        self.items.clear()
        self.events.clear()
        self.labels.clear()
        self.runs.clear()

    async def execute(self, statement: str, *values: object) -> None:
        await self.connection.execute(statement, list(values) or None)

    async def rows(self, query: str, values: Any = None) -> list[tuple[Any, ...]]:
        cursor = await self.connection.execute(query, values)
        return await cursor.fetchall()

    async def value(self, query: str, *values: object) -> Any:
        rows = await self.rows(query, list(values) or None)
        return rows[0][0] if rows else None


def events(item: int, at: datetime, **numbers: int) -> Iterable[Event]:
    """Make one event for each given type, all at one moment."""
    for type_, count in numbers.items():
        yield Event(item=item, type=type_, occurred_at=at, received_at=at, count=count, id=uuid4())


def _row(event: Event) -> dict[str, object]:
    return {
        "event_id": str(event.id),
        "occurred_at": event.occurred_at.isoformat(),
        "received_at": event.received_at.isoformat(),
        "item_id": event.item,
        "event_type": event.type,
        "count": event.count,
        "seconds": event.seconds,
        "counted": event.counted,
        "viewer": event.viewer,
    }


def _ranking(row: dict[str, Any]) -> Ranking:
    given = [
        row[f"{metric}_weight"] for metric in ("view", "like", "comment", "share", "watch_minute")
    ]
    weights = [
        default if weight is None else weight
        for weight, default in zip(given, DEFAULT_WEIGHTS, strict=True)
    ]
    return Ranking(
        name=row["name"],
        formula=row["formula"],
        window=row["window"],
        half_life=_interval(row["half_life"]),
        recent_half_life=_interval(row["recent_half_life"]),
        weights=(weights[0], weights[1], weights[2], weights[3], weights[4]),
        options=row["options"],
        subject=row["subject"],
        content_type=row["content_type"],
        segments=row["segments"],
        size=row["size"],
        segment_size=row["segment_size"],
    )


def _interval(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
