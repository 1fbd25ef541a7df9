"""Which addresses a webhook may go to: whoever names a URL must not reach our own network by it."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

import httpx

from app.errors import BadRequestError

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""From a host and a port to its addresses, in the order in which to try them."""

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that stand for the IPv4 address in their last 32 bits (RFC 6052)."""
_GIVEN_OUT, _FOR_EXAMPLES = IPv6Network("2000::/3"), IPv6Network("3fff::/20")
"""Where public IPv6 addresses come from, and a part of it that nobody has."""
_INSIDE = {"localhost", "localdomain", "local", "internal", "home.arpa", "invalid", "onion"}
"""Names, and the ends of names, that the public internet does not know."""
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


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
        if address.sixtofour is not None or address.teredo is not None:
            return False
        if address not in _GIVEN_OUT or address in _FOR_EXAMPLES:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def check_url(url: str, *, allow_private: bool) -> None:
    """Raise `BadRequestError` for a webhook that could never be sent; no name is looked up.

    A name may still turn out to lead inside when it is sent. What a URL consists of is checked by
    `core.check_alert_subscription`.
    """
    try:
        host = httpx.URL(url).raw_host.decode("ascii")
    except httpx.InvalidURL as error:
        raise BadRequestError(f"url: {error}") from error
    if not allow_private and _is_inside(host):
        raise BadRequestError(f"url: {host} is no address of the public internet")


def _is_inside(host: str) -> bool:
    """Return whether `host` is a name or an address, in any spelling, that is not public."""
    name = host.removesuffix(".").lower()
    labels = name.split(".")
    if not _INSIDE.isdisjoint(".".join(labels[place:]) for place in range(len(labels))):
        return True
    if ":" not in name and not _NUMBER.fullmatch(labels[-1]):
        return False
    try:
        # The resolver takes octal and hexadecimal parts, and fewer than four.
        return not is_public(name if ":" in name else socket.inet_ntoa(socket.inet_aton(name)))
    except (ValueError, OSError):
        return True


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
