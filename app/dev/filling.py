"""Fills the demo's database: its catalogue and its past, imported and counted before all else runs.

It is done while nobody else uses the embedded engine, which has one session: so no list is ever
made of a part, and nobody waits for it in vain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import psycopg

from app.dev.history import first_history, more_history
from app.dev.titles import Shown
from app.errors import UnavailableError
from app.imports import run as importing
from app.ingest.wire import EventIn
from app.items.queries import put_items
from app.runtime.pool import connection_options
from app.runtime.sql import Connection
from app.settings import Settings

SHORT = timedelta(minutes=5)
"""A time without the demo that nobody would see in a list."""
SERVED_SECONDS = 60.0
CONNECT_SECONDS = 60
"""The embedded engine takes nobody in while one of its jobs runs."""
_LOOK_EVERY = 0.1
_LEVELS = "select name from core.aggregate_level order by bucket, name"
_JOBS = (
    "call api.run_rankings(work_for => '5 minutes')",
    "call api.count_neighbours(work_for => '5 minutes')",
    "call api.maintain_storage()",
)
"""With time to do all there is: as jobs, the embedded engine gives them three seconds."""
_NEWEST = "select max(occurred_at) from core.event where occurred_at <= %s"


class DemoState(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo remembers in the data folder, so that a second start fills in nothing twice."""

    since: datetime | None = None
    """Where what is filled in begins; None: it is the first thirty days."""
    until: datetime
    """Where it ends: the same again after an interruption, so that ids repeat."""
    is_filled: bool = False


async def fill(
    shown: Shown, *, settings: Settings, folder: Path, say: Callable[[str], None]
) -> None:
    """Fill in what is missing up to now, and go on with what was cut off.

    Raises as an import does.
    """
    file = folder / "demo.json"
    state = read_state(file)
    if not state.is_filled:
        await _fill_in(shown, state, settings=settings, folder=folder, say=say)
    now = datetime.now(UTC)
    async with await _connect(settings) as connection:
        cursor = await connection.execute(_NEWEST, [now])
        row = await cursor.fetchone()
    newest = row[0] if row and row[0] else state.until
    if now - newest > SHORT:
        later = DemoState(since=newest, until=now)
        write_state(file, later)
        await _fill_in(shown, later, settings=settings, folder=folder, say=say)


async def _fill_in(
    shown: Shown, state: DemoState, *, settings: Settings, folder: Path, say: Callable[[str], None]
) -> None:
    if state.since is None:
        events = first_history(shown, state.until)
        say(f"the last 30 days are made up: {len(events):,} events of {len(shown.items)} items")
    else:
        events = more_history(shown, state.since, state.until)
        say(f"what was missed since {state.since:%Y-%m-%d %H:%M} UTC: {len(events):,} events")
    async with await _connect(settings) as connection:
        await put_items(connection, items=msgspec.json.encode(shown.items))
    path = folder / "demo.ndjson"
    path.write_bytes(b"\n".join(map(msgspec.json.encode, events)))
    try:
        await importing.run(_import_of(path, events, settings, say))
    finally:
        path.unlink()
    async with await _connect(settings) as connection:
        say("viewers, what people also watched, and packing old events")
        for job in _JOBS:
            await connection.execute(job)
    write_state(folder / "demo.json", msgspec.structs.replace(state, is_filled=True))


def _import_of(
    path: Path, events: Sequence[EventIn], settings: Settings, say: Callable[[str], None]
) -> importing.Import:
    def progress(_: Path, _read: int, done: int) -> None:
        if done < len(events):
            say(f"{done:,} of {len(events):,} events are in")

    return importing.Import(
        paths=[path],
        kind="ndjson",
        settings=settings,
        progress=progress,
        reject=lambda _, line, why: say(f"event {line} is left out: {why}"),
        tell=lambda what: say(f"counting: {what}"),
        loaded=_aggregate,
    )


async def _aggregate(connection: Connection) -> None:
    """Refresh each aggregate in one go: the job does it day by day, so that live events come first.

    There are none yet, and thirty refreshes take ten times as long as one.
    """
    cursor = await connection.execute(_LEVELS)
    for (level,) in await cursor.fetchall():
        await connection.execute("call api.refresh_level(%s, null, null)", [level])


async def _connect(settings: Settings) -> Connection:
    options = {**connection_options(settings, "demo"), "connect_timeout": CONNECT_SECONDS}
    try:
        return await psycopg.AsyncConnection.connect(settings.database_url, **options)
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {error}") from error


async def empty_lists(client: httpx.AsyncClient) -> list[str]:
    """Return the rankings that the API serves no list of, or an empty one."""
    answer = (await client.get("/analytics/rankings")).raise_for_status()
    names = [ranking["name"] for ranking in answer.json()["rankings"]]
    return [name for name in names if not await _is_served(client, name)]


async def _is_served(client: httpx.AsyncClient, name: str) -> bool:
    answer = await client.get(f"/analytics/rankings/{name}", params={"limit": 1})
    return answer.is_success and bool(answer.json()["items"])


async def lists_served(url: str, *, say: Callable[[str], None]) -> None:
    """Return when the API serves every list, and none is empty; tell of those that stay so."""
    empty: list[str] = []
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        try:
            async with asyncio.timeout(SERVED_SECONDS):
                # Nobody tells when the publisher has come round.
                while empty := await empty_lists(client):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY)
        except (httpx.HTTPError, TimeoutError):
            say(f"still without a list: {', '.join(empty) or 'all'}")


def read_state(file: Path) -> DemoState:
    """Return what is remembered in `file`; if nothing, begin now and remember that."""
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=DemoState)
    state = DemoState(until=datetime.now(UTC))
    write_state(file, state)
    return state


def write_state(file: Path, state: DemoState) -> None:
    """Remember `state` in `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode(state))
