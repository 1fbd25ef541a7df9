"""Which addresses a webhook may go to: whoever names a URL must not reach our own network by it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""From a host and a port to its addresses, in the order in which to try them."""

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that stand for the IPv4 address in their last 32 bits (RFC 6052)."""


class RefusedAddressError(Exception):
    """A host has no address that a webhook may go to."""


def is_public(text: str) -> bool:
    """Return whether an address is one of the public internet, however it is written."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if address in _TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_refused_literal(host: str) -> bool:
    """Return whether `host` is no name but an address that is not public."""
    try:
        return not is_public(host.strip("[]"))
    except ValueError:
        return False


async def destination(host: str, port: int, *, resolve: Resolve, allow_private: bool) -> str:
    """Return the one address to connect to; the name is never looked up again.

    Raises `RefusedAddressError` where there is none that is allowed, `OSError` for an unknown name.
    """
    for address in await resolve(host, port):
        if allow_private or is_public(address):
            return address
    raise RefusedAddressError(f"{host} is no address of the public internet")


def resolver(executor: Executor) -> Resolve:
    """Return the system's resolver, on threads that nothing else has to wait for."""

    async def resolve(host: str, port: int) -> list[str]:
        found = await asyncio.get_running_loop().run_in_executor(executor, _addresses, host, port)
        return list(dict.fromkeys(found))

    return resolve


def _addresses(host: str, port: int) -> list[str]:
    return [str(place[0]) for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
