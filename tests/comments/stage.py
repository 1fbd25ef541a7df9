"""Posting and reading comments as users do, beside workers that translate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from app.comments.translator import CHANNEL, run_translator
from app.runtime.notifications import of_database
from app.runtime.pool import Pool
from app.settings import Settings
from tests.tokens import signed_in

Json = dict[str, Any]


async def post(
    api: httpx.AsyncClient, text: str, user: str = "ada", item: str = "a", **more: Any
) -> Json:
    answer = await api.post(
        f"/items/{item}/comments", json={"text": text, **more}, headers=signed_in(user)
    )
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


async def page(api: httpx.AsyncClient, item: str = "a", **query: Any) -> Json:
    answer = await api.get(f"/items/{item}/comments", params=query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def all_of(api: httpx.AsyncClient, item: str = "a", **query: Any) -> list[Json]:
    """Return the comments of all pages."""
    found: list[Json] = []
    while True:
        shown = await page(api, item, **query)
        found += shown["items"]
        if shown["nextCursor"] is None:
            return found
        query["cursor"] = shown["nextCursor"]


async def states(api: httpx.AsyncClient, **query: Any) -> set[str]:
    return {comment["translation"] for comment in await all_of(api, **query)}


async def event_counts(pool: Pool) -> dict[str, int]:
    """Count the events, each of which scoring hears of."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select event_type::text, count(*) from core.event group by 1"
        )
        events: dict[str, int] = dict(await cursor.fetchall())
        cursor = await connection.execute(
            "select event_type::text, count(*) from core.score_feed group by 1"
        )
        assert dict(await cursor.fetchall()) == events
    return events


@asynccontextmanager
async def translating(settings: Settings, pool: Pool, *, workers: int = 1) -> AsyncIterator[None]:
    """Run what the worker does to translate, so many times."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(
                run_translator(
                    settings=settings,
                    pool=pool,
                    notifications=of_database(settings, CHANNEL),
                    stop=stop,
                )
            )
        try:
            yield
        finally:
            stop.set()
