"""Runs the Kafka sink: `groundswell publish`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from app.errors import SettingError, UnavailableError
from app.kafka.brokers import check_settings, pass_on_warnings
from app.kafka.first_contact import CONTACT_SECONDS, brokers_let_in
from app.kafka.mapping import read_mapping
from app.runtime.background import metrics_shown, stop_on_signals, with_heartbeat
from app.runtime.backoff import Backoff
from app.runtime.first_login import database_lets_in
from app.runtime.outage import DATABASE_ERRORS, Outage
from app.runtime.pool import Pool, borrowed, open_pool
from app.runtime.tasks import first_of, run_together
from app.settings import Settings
from app.sink.publisher import Publisher
from app.sink.queries import Stream, switch_sink

STREAMS: tuple[Stream, ...] = ("event", "ranking")
LOGIN_SECONDS = 2 * CONTACT_SECONDS
"""How long the brokers' first answer is waited for before anything is kept for them."""
_BACKOFF = Backoff(shortest=0.25, longest=5.0)

log = structlog.get_logger(__name__)


def topics_of(settings: Settings) -> dict[Stream, str]:
    """Return the topic of each stream that is to be published.

    Raises `SettingError` where there is none, or where it is one that we read: what is published
    would come back.
    """
    named: dict[Stream, str | None] = {
        "event": settings.kafka_event_topic,
        "ranking": settings.kafka_ranking_topic,
    }
    topics = {stream: topic for stream, topic in named.items() if topic is not None}
    if not topics:
        raise SettingError(
            "GROUNDSWELL_KAFKA_EVENT_TOPIC, GROUNDSWELL_KAFKA_RANKING_TOPIC: expected a topic in "
            "one of them at least"
        )
    read = read_mapping(Path(settings.kafka_mapping) if settings.kafka_mapping else None)
    for stream, topic in topics.items():
        if topic in read or topic == settings.kafka_dead_letter_topic:
            raise SettingError(
                f"GROUNDSWELL_KAFKA_{stream.upper()}_TOPIC={topic!r}: has another use here; "
                "expected a topic of its own"
            )
    if len(set(topics.values())) < len(topics):
        raise SettingError(
            "GROUNDSWELL_KAFKA_EVENT_TOPIC, GROUNDSWELL_KAFKA_RANKING_TOPIC: expected two topics"
        )
    return topics


async def run_publishing(settings: Settings, *, heartbeat: Path | None = None) -> None:
    """Publish events and changes in lists until SIGTERM or SIGINT; outlives any outage.

    Raises `SettingError` where no topic or broker is named, and `RefusedError` when the database or
    the brokers will not let it in at the start.
    """
    topics = topics_of(settings)
    check_settings(settings)
    pass_on_warnings()
    stop = stop_on_signals()
    async with open_pool(settings) as pool:
        with metrics_shown(settings):
            await run_parts(settings, topics, pool, stop, heartbeat=heartbeat)
    log.info("the publisher has stopped")


async def run_parts(
    settings: Settings,
    topics: dict[Stream, str],
    pool: Pool,
    stop: asyncio.Event,
    *,
    heartbeat: Path | None = None,
) -> None:
    """Do all of it until `stop` is set, or until a server refuses the first contact."""
    has_contact = asyncio.Event()

    async def login() -> None:
        await brokers_let_in(settings, stop)
        has_contact.set()

    async def publish() -> None:
        # Brokers that refuse us for good are found at once; for those that are down, events wait.
        await first_of(has_contact, stop, within=LOGIN_SECONDS)
        await _switch_on(settings, topics, pool, stop)
        await Publisher(settings, pool, stop, topics=topics).run()

    parts = {
        "database login": database_lets_in(settings, stop),
        "brokers' login": login(),
        "publisher": publish(),
    }
    await run_together(with_heartbeat(parts, heartbeat, stop))


async def _switch_on(
    settings: Settings, topics: dict[Stream, str], pool: Pool, stop: asyncio.Event
) -> None:
    outage = Outage("database, for switching the sink on", backoff=_BACKOFF)
    while not stop.is_set():
        try:
            async with borrowed(pool, within=settings.database_timeout) as connection:
                for stream in topics:
                    await switch_sink(connection, stream=stream, to_on=True)
        except DATABASE_ERRORS as error:
            await first_of(stop, within=outage.failed(error))
        else:
            outage.over()
            log.info("publishing to Kafka", topics=sorted(topics.values()))
            return


async def switch_off(settings: Settings) -> int:
    """Publish nothing any more; return how many events waited."""
    try:
        async with (
            open_pool(settings) as pool,
            borrowed(pool, within=settings.database_timeout) as connection,
        ):
            return sum(
                [await switch_sink(connection, stream=each, to_on=False) for each in STREAMS]
            )
    except DATABASE_ERRORS as error:
        raise UnavailableError("the database does not answer") from error
