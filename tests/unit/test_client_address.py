"""The client's address: who may tell it, and in which header."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from app.access.address import client_address, subscriber
from app.errors import SettingError
from app.runtime.networks import parse_networks
from app.settings import read_settings

TRUSTED = parse_networks("10.0.0.0/8, ::1")


@pytest.mark.parametrize(
    ("peer", "hops", "client"),
    [
        ("192.0.2.9", "1.1.1.1", "192.0.2.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.2.2.2", "1.1.1.1"),
        ("::1", "10.3.3.3,10.2.2.2", "10.3.3.3"),
        ("10.0.0.1", "1.1.1.1, rubbish, 10.2.2.2", "10.2.2.2"),
        ("10.0.0.1", "1.1.1.1:4711", "1.1.1.1"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:10.0.0.1", "::ffff:1.1.1.1", "1.1.1.1"),
        ("a socket", "1.1.1.1", None),
        (None, "1.1.1.1", None),
    ],
)
def test_the_rightmost_untrusted_hop_is_the_client(
    peer: str | None, hops: str, client: str | None
) -> None:
    headers = [(b"x-forwarded-for", hops.encode()), (b"forwarded", b"for=9.9.9.9")]
    found = client_address(peer, headers, trusted=TRUSTED, header="x-forwarded-for")
    assert found == (ip_address(client) if client else None)


def test_headers_that_come_twice_are_one_list() -> None:
    headers = [(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"2.2.2.2, 10.1.1.1")]
    found = client_address("10.0.0.1", headers, trusted=TRUSTED, header="x-forwarded-for")
    assert str(found) == "2.2.2.2"


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ('for="[2001:db8::1]:80";proto=https, for=10.1.1.1', "2001:db8::1"),
        ("For=1.1.1.1;by=10.1.1.1", "1.1.1.1"),
        ("for=_hidden", "10.0.0.1"),
        ("proto=https", "10.0.0.1"),
    ],
)
def test_forwarded_is_read_where_it_is_chosen(value: str, client: str) -> None:
    headers = [(b"x-forwarded-for", b"6.6.6.6"), (b"forwarded", value.encode())]
    found = client_address("10.0.0.1", headers, trusted=TRUSTED, header="forwarded")
    assert str(found) == client


def test_a_subscriber_has_a_network_of_ipv6() -> None:
    assert subscriber(ip_address("192.0.2.1")) == "192.0.2.1"
    assert subscriber(ip_address("2001:db8::1")) == subscriber(ip_address("2001:db8::ffff"))


def test_wrong_networks_name_their_setting() -> None:
    with pytest.raises(SettingError, match="GROUNDSWELL_TRUSTED_PROXIES"):
        read_settings({"GROUNDSWELL_TRUSTED_PROXIES": "10.0.0.0/99"})
