"""Views of unique viewers, and sets of them in plain Python to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st

from tests.sql.world import AS_OF, World

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
SITE = 0

INSERT = """
with given as (
    select * from unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) as each (item, at, viewer)
), stored as (
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type, viewer)
    select gen_random_uuid(), at, at, item, 'view', viewer from given
)
insert into core.score_feed (item_id, occurred_at, event_type, count, viewer)
select item, at, 'view', 1, viewer from given
"""


@dataclass(frozen=True)
class View:
    """A view of an item by somebody."""

    item: int
    at: datetime
    viewer: int


def floor(at: datetime) -> datetime:
    """Return where the quarter hour begins."""
    return at - timedelta(seconds=at.timestamp() % 900)


def distinct(
    views: Iterable[View], items: Iterable[int], since: datetime, until: datetime | None = None
) -> int:
    """Count viewers by quarter hours, as the database promises to; item 0 is all of them."""
    wanted = set(items)
    ends = None if until is None else floor(until + QUARTER - timedelta(microseconds=1))
    return len(
        {
            view.viewer
            for view in views
            if (SITE in wanted or view.item in wanted)
            and floor(view.at) >= floor(since)
            and (ends is None or view.at < ends)
        }
    )


async def insert(world: World, views: Sequence[View]) -> None:
    """Insert views as the writer does."""
    columns = [[getattr(view, name) for view in views] for name in ("item", "at", "viewer")]
    await world.execute(INSERT, *columns)


async def since(world: World, items: list[int], moment: datetime | str) -> dict[int, int]:
    """Ask for unique viewers of items since a moment."""
    rows = await world.rows(
        "select item_id, viewers from api.viewers_since(%s::bigint[], %s::timestamptz[])",
        [items, [moment] * len(items)],
    )
    return dict.fromkeys(items, 0) | dict(rows)


async def between(
    world: World, edges: list[datetime], items: list[int] | None = None, *, apart: bool = False
) -> dict[tuple[int, int | None], int]:
    """Ask for unique viewers of each bucket."""
    rows = await world.rows(
        "select place, item_id, viewers from api.unique_viewers(%s::timestamptz[], %s, %s)",
        [edges, items, apart],
    )
    return {(place, item): viewers for place, item, viewers in rows}


@st.composite
def histories(draw: st.DrawFn) -> list[list[View]]:
    """Batches of views, each scored before the next: late ones, many viewers, few items."""
    minutes = st.integers(0, 5 * 24 * 60) | st.sampled_from([0, 14, 15, 719, 720, 721, 2160])
    view = st.builds(
        lambda item, ago, viewer: View(item, AS_OF - timedelta(minutes=ago), viewer),
        st.integers(0, 2), minutes, st.sampled_from([1, 2, -(2**63), 2**63 - 1, 32, 64, -5]),
    )  # fmt: skip
    return draw(st.lists(st.lists(view, min_size=1, max_size=12), min_size=1, max_size=3))


async def score(world: World, as_of: datetime = AS_OF) -> None:
    """Do with the feed, and with days that are over, what a run does."""
    async with world.connection.transaction():
        await world.execute("set transaction isolation level repeatable read")
        await world.execute("select api.score_events(%s)", as_of)
    while await world.value("select api.close_viewers(%s)", as_of):
        pass
