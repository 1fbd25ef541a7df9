"""The JSON shapes of API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.access.api_key import Kind, Scope
from app.access.bounds import TakesBack
from app.http.wire import Name, Wire

Bound = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Origins = Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=100)]


class KeyChanges(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a key allows; what is absent stays, and null is no bound of its own."""

    allowed_origins: Origins | UnsetType = UNSET
    """Origins of pages that may use a public key, such as `https://example.org`; none is any."""
    rate_limit: Bound | UnsetType | None = UNSET
    """Events a minute; null: the setting's."""
    max_count: Bound | UnsetType | None = UNSET
    """Most `count` of one event; null: any."""
    max_age_seconds: Bound | UnsetType | None = UNSET
    """Greatest age of its events; null: that of the service."""
    takes_back: TakesBack | UnsetType = UNSET
    """What unlikes and uncomments may take back; `own` is what the same viewer gave today."""
    max_watch_seconds: Bound | UnsetType | None = UNSET
    """Seconds a viewer may have watched an item at once, then as many as pass; null: any."""
    own_ids: bool | UnsetType = UNSET
    """Whether the ids of its events meet no other key's."""
    derives_viewer: bool | UnsetType = UNSET
    """Whether viewers are told by address and agent too."""

    def given(self) -> dict[str, object]:
        """Return what is not absent, by columns of core.api_key."""
        return {
            name: value
            for name in KeyChanges.__struct_fields__
            if (value := getattr(self, name)) is not UNSET
        }


class KeyIn(KeyChanges, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to make; bounds that are absent are the usual ones of its kind."""

    name: Name
    """Whose it is, or what for."""
    kind: Kind = "secret"
    """`secret`, for servers; `public`, for pages and apps, where everybody can read it."""
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=4)] = msgspec.field(
        default_factory=lambda: ["write"]
    )
    """What it may do; `admin` is everything."""


class Key(Wire, frozen=True, kw_only=True):
    """A key as admins see it: never the key itself."""

    id: int
    """Its id."""
    prefix: str
    """Its first part, to tell it by."""
    name: str
    """Whose it is, or what for."""
    kind: Kind
    """`public` keys stand in pages, where everybody can read them."""
    scopes: list[Scope]
    """What it may do; `admin` is everything."""
    allowed_origins: list[str]
    """Origins of pages that may use a public key; none is any."""
    rate_limit: int | None
    """Events a minute; null: the setting's."""
    max_count: int | None
    """Most `count` of one event; null: any."""
    max_age_seconds: int | None
    """Greatest age of its events; null: that of the service."""
    takes_back: TakesBack
    """What unlikes and uncomments may take back."""
    max_watch_seconds: int | None
    """Seconds a viewer may have watched an item at once, then as many as pass; null: any."""
    own_ids: bool
    """Whether the ids of its events meet no other key's."""
    derives_viewer: bool
    """Whether viewers are told by address and agent too."""
    created_at: datetime
    """When it was made."""
    last_used_at: datetime | None
    """When it was last shown, to the minute; null: never."""
    revoked_at: datetime | None
    """Since when it is refused; null: it is valid."""
    is_own: bool
    """Whether it is the key of this request."""


class MadeKey(Key, frozen=True, kw_only=True):
    """A key that was just made."""

    api_key: str
    """The key itself, shown this once: only its hash is stored."""


class Keys(Wire, frozen=True):
    """A page of keys, oldest first."""

    keys: list[Key]
    """The keys."""
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""
