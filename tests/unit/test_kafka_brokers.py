"""How the brokers are reached, as settings say it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from app.errors import SettingError
from app.kafka.brokers import _options, check_settings
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
    options = _options(read_settings({**SERVERS, **LOGIN, **more}))
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
