"""The present: how fast events come, who looks on, and what moves."""

from __future__ import annotations

from datetime import datetime

from app.runtime.sql import Connection
from app.series.queries import present_movers, present_rate
from app.series.wire import Mover, Present

MOVERS = 10


async def find_present(connection: Connection, *, as_of: datetime) -> Present:
    """Return how it stands at a moment, from the events of ten minutes."""
    rate = await present_rate(connection, as_of=as_of)
    movers = await present_movers(connection, as_of=as_of, most=MOVERS)
    return Present(
        as_of=as_of,
        events_per_second=rate.events / 60,
        viewers=rate.viewers,
        movers=[
            Mover(
                content_type=mover.content_type,
                content_id=mover.content_id,
                title=mover.title,
                views=mover.views,
                previous=mover.previous,
            )
            for mover in movers
        ],
    )
