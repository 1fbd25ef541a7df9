"""How the brokers are reached, as settings say it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from app.errors import SettingError
from app.kafka import brokers
from app.kafka.brokers import check_settings, options_of
from app.settings import Settings, read_settings

SERVERS = {"GROUNDSWELL_KAFKA_SERVERS": "kafka-1:9092, [::1]:9093"}
LOGIN = {"GROUNDSWELL_KAFKA_USER": "ada", "GROUNDSWELL_KAFKA_PASSWORD": "secret"}


@pytest.mark.parametrize(
    ("given", "protocol"),
    [
        ({}, "PLAINTEXT"),
        ({"TLS": "true"}, "SSL"),
        ({"SASL": "PLAIN"}, "SASL_PLAINTEXT"),
        ({"SASL": "SCRAM-SHA-512", "TLS": "1"}, "SASL_SSL"),
    ],
)
def test_tls_and_logins(given: dict[str, str], protocol: str) -> None:
    more = {f"GROUNDSWELL_KAFKA_{name}": value for name, value in given.items()}
    options = options_of(read_settings({**SERVERS, **LOGIN, **more}))
    assert options["bootstrap_servers"] == ["kafka-1:9092", "[::1]:9093"]
    assert options["security_protocol"] == protocol
    assert options.get("sasl_mechanism") == given.get("SASL")
    assert ("sasl_plain_password" in options) == ("SASL" in given)
    if "TLS" in given:
        assert options["ssl_context"].verify_mode is ssl.CERT_REQUIRED


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="GROUNDSWELL_KAFKA_SERVERS: expected brokers"):
        check_settings(Settings())
    nothing = str(tmp_path / "none.pem")
    for field in ("ca_file", "cert_file"):
        more = {"GROUNDSWELL_KAFKA_TLS": "true", f"GROUNDSWELL_KAFKA_{field.upper()}": nothing}
        with pytest.raises(SettingError, match=f"GROUNDSWELL_KAFKA_{field.upper()}='.*none.pem'"):
            check_settings(read_settings({**SERVERS, **more}))
    with pytest.raises(SettingError, match="KAFKA_SASL needs GROUNDSWELL_KAFKA_USER and"):
        read_settings({"GROUNDSWELL_KAFKA_SASL": "PLAIN"})
    with pytest.raises(SettingError, match="KAFKA_CA_FILE needs GROUNDSWELL_KAFKA_TLS=true"):
        read_settings({"GROUNDSWELL_KAFKA_CA_FILE": nothing})


class _Silent:
    """A client whose brokers do not answer for a while."""

    def __init__(self) -> None:
        self.answered, self.closed = asyncio.Event(), asyncio.Event()

    async def stop(self) -> None:
        await self.answered.wait()
        self.closed.set()


async def test_closing_is_waited_for_so_long_and_never_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(brokers, "CLOSE_SECONDS", 0.01)
    silent = _Silent()
    await brokers.close(silent)
    assert not silent.closed.is_set()
    silent.answered.set()
    async with asyncio.timeout(1):
        await silent.closed.wait()


async def test_a_group_is_joined_once_a_rebalance() -> None:
    consumer = brokers.consumer_of(read_settings(SERVERS))
    try:
        assert len(consumer._partition_assignment_strategy) == 1
    finally:
        await consumer.stop()
