"""Brokers that speak TLS, and what is said where a setting does not fit them."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from app.embedded.kafka import EmbeddedKafka
from app.errors import RefusedError
from app.kafka.brokers import options_of
from app.kafka.first_contact import brokers_let_in
from app.settings import Settings
from app.sink.outlet import Outlet
from app.sink.wire import Outgoing
from tests.kafka.authority import Authority
from tests.kafka.numbering import Numbering
from tests.kafka.relay import relayed


def context_of(authority: Authority, *, asks: bool = False) -> ssl.SSLContext:
    """Return how a broker of that authority speaks TLS, and whether it asks who comes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("broker"))
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.ca_file)
    return context


def settings_of(servers: str, **more: object) -> Settings:
    named = {name: str(value) for name, value in more.items()}
    return Settings(kafka_servers=servers, kafka_tls=True, **named)  # type: ignore[arg-type]


async def refusal(settings: Settings) -> str:
    with pytest.raises(RefusedError) as refused:
        await brokers_let_in(settings, asyncio.Event())
    return refused.value.detail


async def goes_through(settings: Settings) -> None:
    """Publish and read a message."""
    await brokers_let_in(settings, asyncio.Event())
    outlet = Outlet(settings)
    assert await outlet.send("t", [Outgoing(b"k", b"v", [])]) == []
    await outlet.close()
    consumer = AIOKafkaConsumer(**options_of(settings), auto_offset_reset="earliest")
    await consumer.start()
    try:
        await consumer.topics()
        consumer.assign([TopicPartition("t", number) for number in range(3)])
        await consumer.seek_to_beginning()
        async with asyncio.timeout(15):
            assert (await consumer.getone()).value == b"v"
    finally:
        await consumer.stop()


async def everything(settings: Settings, at_least: int) -> set[tuple[bytes | None, bytes | None]]:
    """Read so many messages, and return what they say."""
    consumer = AIOKafkaConsumer(**options_of(settings), auto_offset_reset="earliest")
    await consumer.start()
    found: list[tuple[bytes | None, bytes | None]] = []
    try:
        consumer.assign([TopicPartition("t", number) for number in range(4)])
        await consumer.seek_to_beginning()
        while len(found) < at_least:
            some = await consumer.getmany(timeout_ms=15_000)
            assert some, len(found)
            found += [(each.key, each.value) for records in some.values() for each in records]
    finally:
        await consumer.stop()
    return set(found)


async def test_tls_with_an_authority_of_ones_own(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    async with relayed(tls=context_of(ours)) as broker:
        await goes_through(settings_of(broker.servers, kafka_ca_file=ours.ca_file))
        said = await refusal(settings_of(broker.servers, kafka_ca_file=other.ca_file))
        assert f"GROUNDSWELL_KAFKA_CA_FILE: '{other.ca_file}' does not vouch for them" in said
        assert "GROUNDSWELL_KAFKA_CA_FILE: the system's" in await refusal(
            settings_of(broker.servers)
        )
        said = await refusal(Settings(kafka_servers=broker.servers))
        assert "set GROUNDSWELL_KAFKA_TLS=true" in said


async def test_a_broker_that_asks_who_comes(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    async with relayed(tls=context_of(ours, asks=True)) as broker:
        settings = settings_of(broker.servers, kafka_ca_file=ours.ca_file)
        assert "set GROUNDSWELL_KAFKA_CERT_FILE" in await refusal(settings)
        for authority in (ours, other):
            certificate, key = authority.issue("client")
            settings = settings_of(
                broker.servers,
                kafka_ca_file=ours.ca_file,
                kafka_cert_file=certificate,
                kafka_key_file=key,
            )
            if authority is ours:
                await goes_through(settings)
            else:
                said = await refusal(settings)
                assert f"they refuse GROUNDSWELL_KAFKA_CERT_FILE='{certificate}'" in said


async def test_a_broker_without_tls(tmp_path: Path) -> None:
    async with relayed() as broker:
        ca_file = Authority(tmp_path, "ours").ca_file
        said = await refusal(settings_of(broker.servers, kafka_ca_file=ca_file))
        assert "GROUNDSWELL_KAFKA_TLS" in said


@pytest.mark.parametrize("is_numbered", [False, True])
async def test_what_is_too_large_stops_no_other(is_numbered: bool) -> None:
    numbering = Numbering() if is_numbered else None
    async with relayed(most_bytes=20_000, numbering=numbering) as broker:
        settings = Settings(kafka_servers=broker.servers)
        outlet = Outlet(settings)
        # Some come before, so that brokers know what is the next number in each partition.
        first = [Outgoing(b"a%d" % n, b"first", []) for n in range(30)]
        assert await outlet.send("t", first) == []
        messages = [Outgoing(b"a%d" % n, b"x" * 100, []) for n in range(30)]
        messages[7] = Outgoing(b"a1", b"y" * 25_000, [])
        messages[20] = Outgoing(b"a2", b"z" * 2_000_000, [])
        # A batch is full with the refused one, and the next of its partition is small enough.
        messages += [Outgoing(b"a1", b"x" * size, []) for size in (19_000, 19_000, 5_000, 5_000)]
        refused = await outlet.send("t", messages)
        assert await outlet.send("t", [Outgoing(b"a1", b"last", [])]) == []
        await outlet.close()
        read = await everything(settings, len(first) + len(messages) - 2 + 1)
    assert [place for place, _ in refused] == [7, 20]
    assert all("MessageSizeTooLarge" in reason for _, reason in refused)
    taken = [message for place, message in enumerate(messages) if place not in {7, 20}]
    assert {(each.key, each.value) for each in [*first, *taken]} <= read
    if numbering is not None:
        # Or nothing was tried.
        assert numbering.refused > 0


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_a_login_that_is_refused_is_named(mechanism: Any) -> None:
    """Only that: this broker's own users cannot log in with the client either."""
    broker = EmbeddedKafka(asks_for_login=True)
    await broker.start()
    try:
        settings = Settings(
            kafka_servers=broker.servers,
            kafka_sasl=mechanism,
            kafka_user="nobody",
            kafka_password="secret",
        )
        assert "GROUNDSWELL_KAFKA_USER or GROUNDSWELL_KAFKA_PASSWORD" in await refusal(settings)
    finally:
        await broker.stop()
