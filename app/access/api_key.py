"""API keys: their form, and what one of them allows.

A key is `gsk_` (secret) or `gpk_` (public), eight letters that name it, and 32 that nobody can
guess. Only the SHA-256 of the whole is stored; the first part, its prefix, is shown in lists.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from typing import Literal, NamedTuple

from app.access.bounds import Bounds

Kind = Literal["secret", "public"]
Scope = Literal["read", "write", "backfill", "admin"]

PREFIXES: dict[Kind, str] = {"secret": "gsk_", "public": "gpk_"}
ANY_ORIGIN = "*"
_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+|\*")

_LETTERS = string.ascii_letters + string.digits
_NAME_LETTERS = 8
_SECRET_LETTERS = 32


class ApiKey(Bounds, frozen=True, kw_only=True):
    """What a key allows. The key itself is nowhere in it."""

    key_id: int
    name: str
    kind: Kind
    scopes: frozenset[Scope]
    allowed_origins: frozenset[str] = frozenset()
    """Origins of web pages that may use a public key; none is any."""
    rate_limit: int | None = None
    """Events a minute; None is the setting's."""

    def allows_origin(self, origin: str | None) -> bool:
        """Return whether a page of `origin` may use it; None is a caller that is no web page."""
        return (
            self.kind == "secret"
            or not self.allowed_origins
            or ANY_ORIGIN in self.allowed_origins
            or origin in self.allowed_origins
        )


class NewKey(NamedTuple):
    """A key just made; `text` is shown once and kept nowhere."""

    text: str
    prefix: str
    digest: bytes


def new_key(kind: Kind) -> NewKey:
    """Make a key that nobody can guess."""
    prefix = PREFIXES[kind] + _random(_NAME_LETTERS)
    text = f"{prefix}_{_random(_SECRET_LETTERS)}"
    return NewKey(text, prefix, digest_of(text))


def digest_of(text: str) -> bytes:
    """Return what is stored of a key: its SHA-256, unsalted, because a key cannot be guessed."""
    return hashlib.sha256(text.encode(errors="replace")).digest()


def is_origin(text: str) -> bool:
    """Return whether `text` is an origin as browsers send it, or `*` for any."""
    return _ORIGIN.fullmatch(text) is not None


def looks_like_key(text: str) -> bool:
    """Return whether `text` is meant to be a key of ours."""
    return text.startswith(tuple(PREFIXES.values()))


def _random(letters: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(letters))
