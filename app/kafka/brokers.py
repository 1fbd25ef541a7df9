"""How the brokers are reached: the options of all our clients, and their errors."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
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


def consumer_of(settings: Settings) -> AIOKafkaConsumer:
    """Return a consumer in our group that begins at the start of a topic, and commits nothing.

    How long a batch takes is nobody's business but ours: while the database is down the partitions
    stay with us, as long as the process lives.
    """
    session = round(settings.kafka_session_seconds * 1_000)
    return AIOKafkaConsumer(
        **_options(settings),
        group_id=settings.kafka_group,
        group_instance_id=settings.kafka_member,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        # Both are eager: aiokafka knows no cooperative protocol. What is sticky moves least.
        partition_assignment_strategy=(StickyPartitionAssignor, RoundRobinPartitionAssignor),
        max_poll_interval_ms=_NEVER_MS,
        rebalance_timeout_ms=60_000,
        session_timeout_ms=session,
        heartbeat_interval_ms=min(1_000, session // 4),
    )


def producer_of(settings: Settings) -> AIOKafkaProducer:
    """Return a producer whose messages are on all replicas once it says so."""
    return AIOKafkaProducer(**_options(settings), acks="all", linger_ms=5)


def check_settings(settings: Settings) -> None:
    """Raise `SettingError` for settings of which no client can be made."""
    _options(settings)


async def close(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Close a client, though its brokers may be silent."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.stop()
    except KAFKA_ERRORS:
        pass


def pass_on_warnings() -> None:
    """Let our log have the client's warnings, each once a minute."""
    library = logging.getLogger("aiokafka")
    library.propagate = False
    if not any(isinstance(handler, OncePerOutage) for handler in library.handlers):
        library.addHandler(OncePerOutage())


def _options(settings: Settings) -> dict[str, Any]:
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
