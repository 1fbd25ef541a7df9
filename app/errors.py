"""The errors Groundswell raises, each with the problem+json answer it becomes (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class GroundswellError(Exception):
    """Base of every error a caller can meet.

    `slug` is the stable last part of the problem's `type`, `status` its HTTP status, `title` one
    short sentence that never changes for a slug, `remedy` what to do about it where the status does
    not say it, `headers` what HTTP wants sent along. The message is this occurrence's `detail`.
    """

    slug = "internal"
    status = 500
    title = "Something went wrong inside Groundswell"
    remedy = ""
    headers: Mapping[str, str] = MappingProxyType({})
    retry_after: float | None = None
    """Seconds after which the same request may succeed, sent as Retry-After."""

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if retry_after is not None:
            self.retry_after = retry_after


class SettingError(GroundswellError):
    """An environment variable has a value that cannot be used."""

    slug = "bad-setting"
    title = "A setting has a wrong value"


class BadRequestError(GroundswellError):
    """The request cannot be understood; the detail names the field and the fault."""

    slug = "bad-request"
    status = 400
    title = "The request cannot be understood"


class NothingAcceptedError(GroundswellError):
    """The request can be understood, but not one of its events can be accepted."""

    slug = "nothing-accepted"
    status = 422
    title = "None of the events can be accepted"


class BrokenBodyError(BadRequestError):
    """The body cannot be read to its end: its chunks are broken, or the caller stopped sending."""

    slug = "broken-body"
    title = "The body is broken off"


class SlowBodyError(GroundswellError):
    """The body comes so slowly that waiting for it would cost others."""

    slug = "slow-body"
    status = 408
    title = "The body comes too slowly"


class UnknownPathError(GroundswellError):
    """Nothing is at this path."""

    slug = "not-found"
    status = 404
    title = "Not Found"


class WrongHostError(GroundswellError):
    """The request asks for a host under whose name this service does not answer."""

    slug = "wrong-host"
    status = 421
    title = "The service is not known under this name"
    remedy = (
        "Ask under one of the names of GROUNDSWELL_ALLOWED_HOSTS, or have it added there. A "
        "service on a loopback address alone knows localhost, 127.0.0.1 and [::1] by itself."
    )


class UnknownItemError(GroundswellError):
    """No event and no catalogue entry has ever named this item."""

    slug = "unknown-item"
    status = 404
    title = "There is no such item"
    remedy = (
        "Check contentType and contentId: an item is known from its first event or catalogue entry "
        "on. /items lists those of the catalogue."
    )


class UnknownRankingError(GroundswellError):
    """No row of core.ranking has this name."""

    slug = "unknown-ranking"
    status = 404
    title = "There is no such ranking"
    remedy = (
        "Take a name that /analytics/rankings lists; a new ranking is there after its first run."
    )


class UnauthorizedError(GroundswellError):
    """A key is needed, and none was shown, or one that is not valid."""

    slug = "unauthorized"
    status = 401
    title = "The key is missing or wrong"
    headers = MappingProxyType({"www-authenticate": 'Bearer realm="groundswell"'})


class NotSignedInError(GroundswellError):
    """The request is made for a user, and says of none, or not so that it can be believed."""

    slug = "not-signed-in"
    status = 401
    title = "The user's token is missing or wrong"
    remedy = (
        "Send the user's token as `Authorization: Bearer …`, and an API key as `X-Api-Key: …` "
        "beside it."
    )
    headers = MappingProxyType({"www-authenticate": 'Bearer realm="groundswell"'})


class UsersDisabledError(GroundswellError):
    """The settings name no way to tell who a user is."""

    slug = "users-disabled"
    status = 403
    title = "Requests of users are switched off"
    remedy = (
        "Whoever runs the service sets GROUNDSWELL_JWT_SECRET, GROUNDSWELL_JWT_PUBLIC_KEY or "
        "GROUNDSWELL_USER_HEADER."
    )


class ForbiddenError(GroundswellError):
    """The key is valid but does not allow this, or not from this web page."""

    slug = "forbidden"
    status = 403
    title = "The key does not allow this"


class AdminDisabledError(GroundswellError):
    """The service has no admin key, so nobody can be an admin."""

    slug = "admin-disabled"
    status = 403
    title = "Admin requests are switched off"
    remedy = (
        "Whoever runs the service sets GROUNDSWELL_ADMIN_KEY and restarts it, or makes a key with "
        "`groundswell keys create NAME --scope admin`."
    )


class AlreadyRunningError(GroundswellError):
    """The job runs already, here or elsewhere, and never twice at once."""

    slug = "already-running"
    status = 409
    title = "The job is running already"
    retry_after = 5.0


class TooLargeError(GroundswellError):
    """The body, or the number of events in it, is over the limit."""

    slug = "too-large"
    status = 413
    title = "The request is too large"


class OverloadedError(GroundswellError):
    """Events arrive faster than they are written: try again after the seconds of Retry-After."""

    slug = "overloaded"
    status = 429
    title = "Too many events are waiting to be written"
    retry_after = 2.0


class RateLimitedError(GroundswellError):
    """The key or client sends more events than it may: again after the seconds of Retry-After."""

    slug = "rate-limited"
    status = 429
    title = "Too many events from this key or client"


class TooManyAtOnceError(GroundswellError):
    """One client has as many requests in work, or as much of their bodies held, as it may."""

    slug = "too-many-at-once"
    status = 429
    title = "Too much at once from one client"
    retry_after = 1.0
    remedy = (
        "Send less at the same time, and the same again after the seconds of Retry-After. Where "
        "proxies stand before the service, GROUNDSWELL_TRUSTED_PROXIES lets it tell clients apart."
    )


class CrowdedError(GroundswellError):
    """All callers together have as many requests in work, or as much of bodies held, as may be."""

    slug = "crowded"
    status = 503
    title = "Too many requests at once"
    retry_after = 1.0


class UnavailableError(GroundswellError):
    """What the answer needs (Redis, the database, or both) is down."""

    slug = "unavailable"
    status = 503
    title = "A part that this answer needs is down"
    retry_after = 5.0


class BusyError(UnavailableError):
    """The database works, and all connections to it are in use for longer than a caller waits."""

    slug = "busy"
    status = 503
    title = "Too many requests wait for the database"
    retry_after = 1.0


class LockLostError(GroundswellError):
    """A lock ran out or was taken away while its holder worked: another may have begun since."""

    slug = "lock-lost"
    status = 503
    title = "The work was given up because its lock was lost"
    retry_after = 5.0


class StalledError(GroundswellError):
    """A worker does not come on though what it needs answers; it ends, to be started again."""

    slug = "stalled"
    title = "A worker does not come on"


class RefusedError(GroundswellError):
    """A server does not let us in as we come, and will not unless somebody mends that."""

    slug = "refused"
    title = "A server does not let us in"


class MigrationError(GroundswellError):
    """The database cannot be brought to this version; nothing was half applied."""

    slug = "migration"
    title = "The database could not be migrated"


class InputError(GroundswellError):
    """A file or an argument given to a command cannot be used."""

    slug = "bad-input"
    title = "What was given to the command cannot be used"


class ServiceError(GroundswellError):
    """A part that `groundswell dev` runs could not be started or kept running."""

    slug = "service"
    title = "A part of Groundswell does not run"
