"""`groundswell dead-letters`: look at what could not be written, and replay or drop it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from app.cli.waiting import waiting
from app.errors import InputError, UnavailableError
from app.settings import read_settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from app.ingest.dead_letters import DeadLetter
    from app.ingest.packing import PackedEvent


@click.group("dead-letters", context_settings={"help_option_names": ["-h", "--help"]})
def dead_letters() -> None:
    """Look at events that could not be written, and replay or drop them."""


@dead_letters.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
def list_letters(limit: int) -> None:
    """List the oldest dead letters: id, time, number of events, reason."""
    with waiting("reading dead letters"):
        letters, more = asyncio.run(_list(limit))
    for letter in letters:
        click.echo(line_of(letter))
    if not letters:
        click.echo("there are no dead letters")
    elif more:
        click.echo(f"only the oldest {limit} are listed: --limit lists more")


@dead_letters.command()
@click.argument("letter_id")
def show(letter_id: str) -> None:
    """Show one dead letter with its events."""
    letter = asyncio.run(_show(letter_id))
    click.echo(line_of(letter))
    for event in letter.events or ():
        click.echo(f"  {event_line(event)}")
    if letter.message is not None:
        click.echo(f"  {letter.first_id}  {letter.message.decode(errors='replace')}")


@dead_letters.command()
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All there are.")
def replay(ids: tuple[str, ...], *, everything: bool) -> None:
    """Put dead letters back onto the stream; what has been written counts once all the same.

    Messages of Kafka that were no events are read once more, as GROUNDSWELL_KAFKA_MAPPING says now.
    """
    with waiting("replaying"):
        replayed, reasons = asyncio.run(_replay(_chosen(ids, everything=everything)))
    click.echo(f"{replayed} replayed")
    for reason in reasons:
        click.echo(f"stays: {reason}", err=True)


@dead_letters.command()
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All there are.")
@click.confirmation_option(prompt="Delete their events for good?")
def drop(ids: tuple[str, ...], *, everything: bool) -> None:
    """Delete dead letters for good."""
    with waiting("dropping"):
        dropped = asyncio.run(_drop(_chosen(ids, everything=everything)))
    click.echo(f"{dropped} dropped")


def line_of(letter: DeadLetter) -> str:
    """Return a dead letter in one line."""
    died = datetime.fromtimestamp(letter.died_at, UTC)
    events = "unreadable" if letter.events is None else f"{len(letter.events)} events"
    if letter.message is not None:
        events = f"Kafka {letter.first_id}"
    return f"{letter.id}  {died:%Y-%m-%d %H:%M:%S}Z  {events}  {letter.reason}"


def event_line(event: PackedEvent) -> str:
    """Return one event of a dead letter in one line."""
    from app.ingest.packing import EVENT_TYPES  # noqa: PLC0415

    occurred = datetime.fromtimestamp(event.occurred_at / 1_000_000, UTC)
    return (
        f"{occurred:%Y-%m-%d %H:%M:%S}Z  {EVENT_TYPES[event.type]} x {event.count}  "
        f"{event.content_type}/{event.content_id}  {UUID(bytes=event.event_id)}"
    )


def _chosen(ids: tuple[str, ...], *, everything: bool) -> tuple[str, ...] | None:
    """Return the ids to work on; None is all of them."""
    if bool(ids) == everything:
        raise click.UsageError("give ids, or --all")
    return None if everything else ids


async def _list(limit: int) -> tuple[list[DeadLetter], bool]:
    from app.ingest.dead_letters import each_dead_letter  # noqa: PLC0415

    letters: list[DeadLetter] = []
    async with _redis() as redis:
        async for letter in each_dead_letter(redis):
            if len(letters) == limit:
                return letters, True
            letters.append(letter)
    return letters, False


async def _show(letter_id: str) -> DeadLetter:
    from app.ingest.dead_letters import show_dead_letter  # noqa: PLC0415

    async with _redis() as redis:
        letter = await show_dead_letter(redis, letter_id)
    if letter is None:
        raise InputError(f"there is no dead letter {letter_id}")
    return letter


async def _replay(ids: Sequence[str] | None) -> tuple[int, list[str]]:
    """Replay all dead letters or some; return how many, and why others stay."""
    from app.ingest.dead_letters import replay_dead_letters, show_dead_letter  # noqa: PLC0415

    async with _redis() as redis:
        chosen = await _all_ids(redis) if ids is None else ids
        replayed = await replay_dead_letters(redis, chosen)
        left = [await show_dead_letter(redis, each) for each in chosen]
        messages = [each for each in left if each is not None and each.message is not None]
        if not messages:
            return replayed, []
        more, reasons = await _replay_messages(redis, messages)
        return replayed + more, reasons


async def _replay_messages(redis: Redis, letters: list[DeadLetter]) -> tuple[int, list[str]]:
    from app.ingest.known_items import KnownItems  # noqa: PLC0415
    from app.ingest.retention import DEFAULT  # noqa: PLC0415
    from app.runtime.pool import open_pool  # noqa: PLC0415

    try:
        from app.kafka.batch import Reader  # noqa: PLC0415
        from app.kafka.mapping import read_mapping  # noqa: PLC0415
        from app.kafka.replay import replay_messages  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed: pip install 'groundswell[kafka]'"
        ) from error
    settings = read_settings()
    mapping = read_mapping(Path(settings.kafka_mapping) if settings.kafka_mapping else None)
    async with open_pool(settings) as pool:
        refuses = settings.unknown_items == "refuse"
        reader = Reader(
            settings,
            mapping,
            kept=lambda: DEFAULT,
            known_items=KnownItems(pool, redis) if refuses else None,
        )
        return await replay_messages(redis, letters, reader=reader, mapping=mapping)


async def _drop(ids: Sequence[str] | None) -> int:
    from app.ingest.dead_letters import drop_dead_letters  # noqa: PLC0415

    async with _redis() as redis:
        return await drop_dead_letters(redis, await _all_ids(redis) if ids is None else ids)


async def _all_ids(redis: Redis) -> list[str]:
    from app.ingest.dead_letters import each_dead_letter  # noqa: PLC0415

    return [letter.id async for letter in each_dead_letter(redis)]


@asynccontextmanager
async def _redis() -> AsyncIterator[Redis]:
    """Open Redis; a Redis that is down, or an id it cannot read, becomes an error of ours."""
    from redis.exceptions import RedisError, ResponseError  # noqa: PLC0415

    from app.runtime.redis_client import open_redis  # noqa: PLC0415

    try:
        async with open_redis(read_settings()) as redis:
            yield redis
    except ResponseError as error:
        raise InputError(str(error)) from error
    except RedisError as error:
        raise UnavailableError(f"Redis does not answer: {error}") from error
