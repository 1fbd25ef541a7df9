"""Under which names callers may ask: a page must not reach a loopback address by a name of its own.

A name that its owner points at 127.0.0.1 once the page is loaded (DNS rebinding) makes the page one
of the same origin, which no browser keeps from reading and writing.
"""

from __future__ import annotations

from ipaddress import ip_address

from app.settings import Settings

LOOPBACK = frozenset(("localhost", "127.0.0.1", "[::1]"))
_MOST = 1_000


class Hosts:
    """The allowed names, of the settings; any where they say nothing and others may connect."""

    def __init__(self, settings: Settings) -> None:
        named = {name.strip().lower() for name in settings.allowed_hosts.split(",") if name.strip()}
        is_local = ip_address(settings.host).is_loopback
        self.are_any = "*" in named or not (named or is_local)
        self._names = named | LOOPBACK
        self._allowed = set[bytes]()
        """Values of the header that were found good, as callers write them."""

    def allow(self, host: bytes) -> bool:
        """Return whether a header `Host` names one of them, with whatever port."""
        if self.are_any or host in self._allowed:
            return True
        text = host.decode("latin-1").lower()
        name, _, port = text.rpartition(":")
        if not port.isdecimal():
            name = text
        if name.removesuffix(".") not in self._names:
            return False
        if len(self._allowed) < _MOST:
            self._allowed.add(host)
        return True
