"""The address of the client, through proxies that are trusted to tell it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, TypeAlias

from app.runtime.networks import Network, parse_networks
from app.settings import Settings

Address: TypeAlias = IPv4Address | IPv6Address
Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

MOST_HOPS = 32
"""Most proxies that a request may have come through: what lies before them is not looked at."""
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*"?([^";]*)"?', re.IGNORECASE)


def client_address(
    peer: str | None, headers: Headers, *, trusted: Sequence[Network], header: str
) -> Address | None:
    """Return who sent a request: the last hop that is not one of ours.

    Hops are read from the right, where each was written by the one after it: from the peer of the
    connection on, as long as they are in `trusted`. `header` is `x-forwarded-for` or `forwarded`;
    only what the proxies really set may be read, because callers can send the other one.
    """
    address = _parse(peer or "")
    if address is None or not _within(address, trusted):
        return address
    for hop in reversed(_hops(headers, header)):
        told = _parse(hop)
        if told is None:
            return address
        address = told
        if not _within(address, trusted):
            return address
    return address


class Clients:
    """Tells callers apart by their addresses, as the settings say that proxies tell them."""

    def __init__(self, settings: Settings) -> None:
        self._trusted = parse_networks(settings.trusted_proxies)
        self._header = settings.forwarded_header

    def address_of(self, scope: Any) -> Address | None:  # noqa: ANN401
        """Return who sent the request of an ASGI scope; None where nobody can tell."""
        peer = scope["client"]
        return client_address(
            peer[0] if peer else None,
            scope["headers"],
            trusted=self._trusted,
            header=self._header,
        )

    def name_of(self, scope: Any) -> str:  # noqa: ANN401
        """Return the subscriber who sent a request; an empty text where nobody can tell."""
        peer = scope["client"]
        if not self._trusted and peer is not None and ":" not in peer[0]:
            # On the way of nearly every request: nothing is to be found out.
            return str(peer[0])
        address = self.address_of(scope)
        return "" if address is None else subscriber(address)


def subscriber(address: Address) -> str:
    """Return what one subscriber has: an IPv4 address, or the /64 of an IPv6 one."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, 64), strict=False))


def _hops(headers: Headers, header: str) -> list[str]:
    name = header.encode()
    value = ",".join(text.decode("latin-1") for given, text in headers if given == name)
    hops = value.rsplit(",", MOST_HOPS)[-MOST_HOPS:] if value else []
    if header != "forwarded":
        return hops
    return [found[1] if (found := _FOR.search(hop)) else "" for hop in hops]


def _parse(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def is_within(text: str, networks: Sequence[Network]) -> bool:
    """Return whether `text` is an address of one of the networks."""
    address = _parse(text)
    return address is not None and _within(address, networks)


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
