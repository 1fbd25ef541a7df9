"""Who sent a request, as far as keys tell, and what that allows."""

from __future__ import annotations

from typing import Literal

import msgspec

from app.access.api_key import ApiKey, Scope
from app.settings import RequireKeys

EVERYTHING: frozenset[Scope] = frozenset(("read", "write", "backfill", "admin"))
WITHOUT_KEY: dict[RequireKeys, frozenset[Scope]] = {
    "none": frozenset(("read", "write", "backfill")),
    "write": frozenset(("read",)),
    "all": frozenset(),
}
"""What a caller without a key may do."""

_Shown = Literal["nothing", "unknown", "valid"]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who sent a request, as far as keys tell."""

    scopes: frozenset[Scope]
    shown: _Shown = "nothing"
    """`unknown` is a key that is not valid."""
    key: ApiKey | None = None
    """None also for the holder of the admin key of the settings."""

    @property
    def name(self) -> str:
        """What it is called where it is kept who did what; only of those who may do all."""
        return "admin key" if self.key is None else self.key.name

    @property
    def is_public(self) -> bool:
        """Whether it showed a key that everybody can read."""
        return self.key is not None and self.key.kind == "public"

    @property
    def is_server(self) -> bool:
        """Whether it showed a key that no web page has."""
        return self.shown == "valid" and not self.is_public
