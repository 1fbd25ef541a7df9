"""How the brokers are reached: the options of all our clients, and their errors."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError

from app.errors import SettingError
from app.runtime.logs import OncePerOutage
from app.settings import Settings

KAFKA_ERRORS = (KafkaError, OSError)
"""What brokers that are down, too slow or unwilling raise; timeouts are among them."""

CLOSE_SECONDS = 5.0
_NEVER_MS = 7 * 86_400_000
_FRESH_MS = 10_000
_REQUEST_MS = 10_000
_BATCH_BYTES = 65_536
"""More than any event has, and less than any broker's limit is likely to be."""
_closing = set[asyncio.Task[None]]()
"""Clients whose brokers are silent."""

log = structlog.get_logger(__name__)


def consumer_of(settings: Settings) -> AIOKafkaConsumer:
    """Return a consumer in our group that begins at the start of a topic, and commits nothing.

    How long a batch takes is nobody's business but ours: while the database is down the partitions
    stay with us, as long as the process lives.
    """
    session = round(settings.kafka_session_seconds * 1_000)
    return AIOKafkaConsumer(
        **options_of(settings),
        group_id=settings.kafka_group,
        group_instance_id=settings.kafka_member,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        # Eager: aiokafka knows no cooperative protocol; what is sticky moves least. One alone: it
        # joins the group anew for each of them, which is a rebalance within each rebalance.
        partition_assignment_strategy=(StickyPartitionAssignor,),
        max_poll_interval_ms=_NEVER_MS,
        rebalance_timeout_ms=60_000,
        session_timeout_ms=session,
        heartbeat_interval_ms=min(1_000, session // 4),
    )


def producer_of(settings: Settings, *, is_idempotent: bool = False) -> AIOKafkaProducer:
    """Return a producer whose messages, in order for each key, are on all replicas once it says so.

    An idempotent one has a number of the brokers', by which they drop what it sends again.
    """
    return AIOKafkaProducer(
        **options_of(settings),
        acks="all",
        enable_idempotence=is_idempotent,
        linger_ms=5,
        max_batch_size=_BATCH_BYTES,
        request_timeout_ms=_REQUEST_MS,
    )


def check_settings(settings: Settings) -> None:
    """Raise `SettingError` for settings of which no client can be made."""
    options_of(settings)


async def close(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Close a client; where its brokers are silent, the rest of it goes on by itself.

    Cut off, it would leave its connections behind, and tasks that hold its place in the group.
    """
    closing = asyncio.create_task(client.stop())
    _closing.add(closing)
    closing.add_done_callback(_closed)
    await asyncio.wait({closing}, timeout=CLOSE_SECONDS)


async def abandon(producer: AIOKafkaProducer) -> None:
    """Close a producer without sending what it has not sent: an idempotent one tries for ever."""
    sender = producer._sender  # noqa: SLF001 - `stop` alone would wait until all is sent
    if sender is not None and sender.sender_task is not None:
        sender.sender_task.cancel()
    await close(producer)


def _closed(closing: asyncio.Task[None]) -> None:
    _closing.discard(closing)
    if not closing.cancelled() and (error := closing.exception()):
        log.info("a client of Kafka was not closed well", error=str(error))


async def answer(settings: Settings, topics: Iterable[str]) -> bool:
    """Tell whether all brokers answer that have some of these topics, or the group."""
    client = AIOKafkaClient(**options_of(settings))
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.bootstrap()
            cluster = await client.fetch_all_metadata()
            nodes = {
                cluster.leader_for_partition(TopicPartition(topic, number))
                for topic in topics
                for number in cluster.partitions_for_topic(topic) or ()
            }
            nodes.add(await client.coordinator_lookup(CoordinationType.GROUP, settings.kafka_group))
            return all([node is not None and await client.ready(node) for node in nodes])
    except KAFKA_ERRORS:
        return False
    finally:
        await client.close()


def pass_on_warnings() -> None:
    """Let our log have the client's warnings, each once a minute."""
    library = logging.getLogger("aiokafka")
    library.propagate = False
    if not any(isinstance(handler, OncePerOutage) for handler in library.handlers):
        library.addHandler(OncePerOutage())


def options_of(settings: Settings) -> dict[str, Any]:
    """Return what all clients are told; raises `SettingError` where no client can be made of it."""
    servers = [name.strip() for name in settings.kafka_servers.split(",") if name.strip()]
    if not servers:
        raise SettingError("GROUNDSWELL_KAFKA_SERVERS: expected brokers, such as kafka-1:9092")
    logs_in = settings.kafka_sasl != "none"
    protocol = ("SASL_" if logs_in else "") + ("SSL" if settings.kafka_tls else "PLAINTEXT")
    options = {
        "bootstrap_servers": servers,
        "client_id": "groundswell",
        "metadata_max_age_ms": _FRESH_MS,
        "security_protocol": protocol,
    }
    if settings.kafka_tls:
        options["ssl_context"] = _context(settings)
    if logs_in:
        options |= {
            "sasl_mechanism": settings.kafka_sasl,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password,
        }
    return options


def _context(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file)
    except OSError as error:
        raise SettingError(
            f"GROUNDSWELL_KAFKA_CA_FILE={settings.kafka_ca_file!r}: cannot be used: {error}"
        ) from error
    if settings.kafka_cert_file:
        try:
            context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file)
        except OSError as error:
            raise SettingError(
                f"GROUNDSWELL_KAFKA_CERT_FILE={settings.kafka_cert_file!r} and its key cannot be "
                f"used: {error}"
            ) from error
    return context
