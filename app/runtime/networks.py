"""Networks, as settings name them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a comma-separated list; raises `ValueError`, naming what is wrong."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
