"""Which user a request is from: the subject of a signed token, or what a trusted proxy says.

A token (JWT) comes as `Authorization: Bearer …`, where an API key may come too: then the key goes
to `X-Api-Key`. A token is told by its form, three parts with dots between, which no key has.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import jwt
from litestar.connection import ASGIConnection

from app.access.address import is_within
from app.access.errors import CrossSiteError
from app.errors import NotSignedInError, UsersDisabledError
from app.runtime.networks import parse_networks
from app.runtime.token_key import TokenKey, public_key, secret_key
from app.settings import Settings

AnyConnection = ASGIConnection[Any, Any, Any, Any]

MAX_NAME = 200
"""Longest user id, as in events."""
MAX_TOKEN = 16_000
"""Longest token, in characters."""
LEEWAY_SECONDS = 10
"""How far the clock of who signs may be from ours: for so long a token holds before and after."""
DISABLED = (
    "set GROUNDSWELL_JWT_SECRET or GROUNDSWELL_JWT_PUBLIC_KEY to what signs your users' tokens, or "
    "GROUNDSWELL_USER_HEADER with GROUNDSWELL_TRUSTED_PROXIES, and restart"
)

_READING = frozenset(("GET", "HEAD", "OPTIONS"))
_OWN_SITE = frozenset((b"same-origin", b"none"))
"""What browsers call the service's own pages, and what a person asks for by hand."""

_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "it has expired"),
    (jwt.ImmatureSignatureError, "it is not valid yet"),
    (jwt.InvalidAudienceError, "it is for another audience"),
    (jwt.InvalidIssuerError, "it is from another issuer"),
    (jwt.exceptions.InvalidSubjectError, "its claim sub is no text"),
    (jwt.InvalidSignatureError, "it is signed with another key"),
    (jwt.InvalidAlgorithmError, "it is signed in another way than the key of the settings allows"),
)


class Users:
    """Tells users by what the settings say; everything else is refused."""

    def __init__(self, settings: Settings) -> None:
        self._key: TokenKey | None = None
        if settings.jwt_public_key:
            self._key = public_key(settings.jwt_public_key)
        elif settings.jwt_secret:
            self._key = secret_key(settings.jwt_secret)
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        self._header = (settings.user_header or "").lower().encode()
        self._trusted = parse_networks(settings.trusted_proxies)
        self._origins = settings.cors_origin_set - {"*"}

    def user_of(self, connection: AnyConnection) -> str:
        """Return the id of the user.

        Raises `NotSignedInError`, which says what is missing or wrong, and `UsersDisabledError`
        where the settings name no way to tell.
        """
        if self._key is None and not self._header:
            raise UsersDisabledError(DISABLED)
        if self._key is not None and (token := token_of(connection)):
            return _checked(_subject(token, self._key, self._issuer, self._audience))
        if self._header and (named := self._named_by_proxy(connection)) is not None:
            self._refuse_other_sites(connection)
            return _checked(named)
        wanted = "send the user's token as `Authorization: Bearer …`, an API key as `X-Api-Key: …`"
        raise NotSignedInError(wanted if self._key else f"the proxy sent no {self._shown_header}")

    def _refuse_other_sites(self, connection: AnyConnection) -> None:
        """Raise `CrossSiteError` where a page of another site may have sent a change.

        A proxy knows a user by what browsers send by themselves, such as a cookie, whatever page
        makes them send it. Who is no browser sends neither of the two headers.
        """
        if connection.scope.get("method") in _READING:
            return
        given = dict(connection.scope["headers"])
        origin = given.get(b"origin", b"").decode("latin-1")
        if origin in self._origins:
            return
        site = given.get(b"sec-fetch-site")
        if site is not None and site not in _OWN_SITE:
            raise CrossSiteError("the browser says that the page is another site's")
        own = given.get(b"host", b"").decode("latin-1").lower()
        # A proxy may have written another Host, of which the browser knows nothing.
        if site is None and origin and urlsplit(origin).netloc.lower() != own:
            raise CrossSiteError(f"{origin[:200]} is not where this service is")

    @property
    def _shown_header(self) -> str:
        return self._header.decode()

    def _named_by_proxy(self, connection: AnyConnection) -> str | None:
        given = [value for name, value in connection.scope["headers"] if name == self._header]
        if not given:
            return None
        peer = connection.scope["client"]
        if peer is None or not is_within(peer[0], self._trusted):
            raise NotSignedInError(
                f"{self._shown_header} is believed from GROUNDSWELL_TRUSTED_PROXIES only"
            )
        if len(given) > 1:
            # One may be the caller's own, which the proxy passed on.
            raise NotSignedInError(f"{self._shown_header} came more than once")
        return given[0].decode(errors="surrogateescape").strip()


def token_of(connection: AnyConnection) -> str:
    """Return the token that a request brings, or an empty text."""
    for name, value in connection.scope["headers"]:
        if name == b"authorization":
            scheme, _, given = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer" and looks_like_token(given.strip()):
                return given.strip()
    return ""


def looks_like_token(text: str) -> bool:
    """Return whether `text` is meant to be a JWT."""
    return text.count(".") == 2


def _subject(token: str, key: TokenKey, issuer: str | None, audience: str | None) -> str:
    if len(token) > MAX_TOKEN:
        raise NotSignedInError(f"the token is refused: it is longer than {MAX_TOKEN} characters")
    try:
        claims = jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={
                "require": ["sub", "iat", "exp"],
                "verify_aud": audience is not None,
                "verify_iss": issuer is not None,
            },
        )
    except (jwt.PyJWTError, TypeError, ValueError, OverflowError, RecursionError) as error:
        # It names the fault; the token stands in none of them.
        fault = _fault(error)
    else:
        return str(claims["sub"])
    raise NotSignedInError(f"the token is refused: {fault}")


def _fault(cause: Exception) -> str:
    if isinstance(cause, jwt.MissingRequiredClaimError):
        return f"it has no claim {cause.claim}"
    for kind, fault in _FAULTS:
        if isinstance(cause, kind):
            return fault
    return "it cannot be read"


def _checked(user_id: str) -> str:
    if not 1 <= len(user_id) <= MAX_NAME or "\x00" in user_id or not _is_text(user_id):
        raise NotSignedInError(f"the user's id must be a text of 1 to {MAX_NAME} characters")
    return user_id


def _is_text(text: str) -> bool:
    """Return whether it can be stored: JSON may hold halves of characters, a header any bytes."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
