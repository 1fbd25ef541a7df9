"""Hearing what the database notifies, for tasks that would ask again and again without."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import psycopg
from psycopg import sql

from app.database.pool import KEEPALIVE
from app.serving.outage import DATABASE_ERRORS, Outage
from app.settings import Settings


async def listen(settings: Settings, wake: asyncio.Event, *, channel: str) -> None:
    """Set `wake` on every notification, on a connection of its own, until cancelled."""
    outage = Outage(f"notifications of {channel}")
    options: dict[str, Any] = {
        "autocommit": True,
        "prepare_threshold": None,
        "connect_timeout": max(2, math.ceil(settings.database_timeout)),
        "application_name": f"groundswell {channel}",
        **KEEPALIVE,
    }
    statement = sql.SQL("listen {}").format(sql.Identifier(channel))
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(settings.database_url, **options)
            async with connection:
                await connection.execute(statement)
                outage.over()
                wake.set()
                async for _ in connection.notifies():
                    wake.set()
        except DATABASE_ERRORS as error:
            await asyncio.sleep(outage.failed(error))


async def first_of(*events: asyncio.Event, within: float) -> None:
    """Return when one of the events is set, or after `within` seconds."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
