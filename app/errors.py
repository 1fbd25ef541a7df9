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


class UnknownCommentError(GroundswellError):
    """No comment has this id below this item, or it is somebody else's."""

    slug = "unknown-comment"
    status = 404
    title = "There is no such comment"
    remedy = "Take an id that /items/{id}/comments lists; only its author may delete a comment."


class CommentIdTakenError(GroundswellError):
    """The id of a comment that is to be posted is that of another one."""

    slug = "comment-id-taken"
    status = 409
    title = "There is another comment of this id"
    remedy = "Make a new id for each comment, or send none; the same one only to repeat a request."


class UploadsDisabledError(GroundswellError):
    """The settings name no store that uploads could go to."""

    slug = "uploads-disabled"
    status = 404
    title = "Uploads are switched off"
    remedy = "Whoever runs the service sets GROUNDSWELL_UPLOAD_STORE_URL and what belongs to it."


class UnknownUploadError(GroundswellError):
    """No upload has this id, or it is somebody else's."""

    slug = "unknown-upload"
    status = 404
    title = "There is no such upload"
    remedy = "Take the id that POST /uploads answered to the same user or key, or begin a new one."


class UploadGoneError(GroundswellError):
    """The upload was not finalised in time, or its item was erased."""

    slug = "upload-gone"
    status = 410
    title = "The upload is gone"
    remedy = "Begin a new one by POST /uploads."


class UploadHeldError(GroundswellError):
    """Another request finalises the upload: the same again later is answered with what it did."""

    slug = "upload-held"
    status = 409
    title = "Another request finalises the upload"
    retry_after = 1.0


class UploadIncompleteError(GroundswellError):
    """The object is not in the store, or is not what was declared."""

    slug = "upload-incomplete"
    status = 409
    title = "The store does not have what was declared"
    remedy = "Put the bytes to the address that POST /uploads gave, with its headers; then again."
    retry_after = 1.0


class UnknownRuleError(GroundswellError):
    """No editorial rule was ever made under this name."""

    slug = "unknown-rule"
    status = 404
    title = "There is no such rule"
    remedy = "Take a name that /admin/rules lists; with over=true it lists those that are over."


class UnknownRankingError(GroundswellError):
    """No row of core.ranking has this name."""

    slug = "unknown-ranking"
    status = 404
    title = "There is no such ranking"
    remedy = (
        "Take a name that /analytics/rankings lists; a new ranking is there after its first run."
    )


class ChangedMeanwhileError(GroundswellError):
    """The settings are no longer those that the caller has seen."""

    slug = "changed-meanwhile"
    status = 412
    title = "Somebody else has changed it meanwhile"
    remedy = (
        "Read the settings again, look what is otherwise now, and send the change with their ETag."
    )


class UnrankedItemError(GroundswellError):
    """The item exists, but this ranking gives it no score."""

    slug = "unranked-item"
    status = 404
    title = "The item has no score in this ranking"
    remedy = "Look into another window or ranking: items without events in this one have no score."


class UnknownAlertError(GroundswellError):
    """No alert subscription of this key has this id."""

    slug = "unknown-alert"
    status = 404
    title = "There is no such alert subscription"
    remedy = "Take an id that /alerts lists for the same key."


class NoSnapshotError(GroundswellError):
    """The ranking had no run at that moment, or it is no longer kept."""

    slug = "no-snapshot"
    status = 404
    title = "No snapshot is kept of that time"
    remedy = (
        "Ask for a later time, or leave `at` out for the newest run; core.ranking says how long "
        "runs are kept."
    )


class CursorExpiredError(GroundswellError):
    """The snapshot that the cursor pages through is no longer kept: begin again without it."""

    slug = "cursor-expired"
    status = 410
    title = "The list that the cursor belongs to is gone"


class UnauthorizedError(GroundswellError):
    """A key is needed, and none was shown, or one that is not valid."""

    slug = "unauthorized"
    status = 401
    title = "The key is missing or wrong"
    headers = MappingProxyType({"www-authenticate": 'Bearer realm="groundswell"'})


class TooManyGuessesError(GroundswellError):
    """So many wrong keys came from one client that it looks like guessing: none is looked at."""

    slug = "too-many-guesses"
    status = 429
    title = "Too many wrong keys from one client"
    remedy = "Correct the key, wait for the seconds of Retry-After, then send it again."


class CrossSiteError(GroundswellError):
    """A page of another site asks in the name of whoever is signed in; it may have no leave to."""

    slug = "cross-site"
    status = 403
    title = "The request comes from a page of another site"
    remedy = (
        "Send it from a page of the service's own origin, or have the page's origin added to "
        "GROUNDSWELL_CORS_ORIGINS by name."
    )


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


class UnknownKeyError(GroundswellError):
    """No valid API key has this id."""

    slug = "unknown-key"
    status = 404
    title = "There is no such valid key"
    remedy = "Take an id that /admin/keys lists; what is revoked stays so."


class OwnKeyError(GroundswellError):
    """The key that is to be revoked is the one that the request shows."""

    slug = "own-key"
    status = 409
    title = "The key is the one of this request"
    remedy = (
        "Revoke it with another admin key. Where it is meant, send `own=true`: whoever has no "
        "other one then needs GROUNDSWELL_ADMIN_KEY or `groundswell keys create` to come back."
    )


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


class RawEventsGoneError(GroundswellError):
    """Counts that were made of events which are no longer kept cannot be made again."""

    slug = "raw-events-gone"
    status = 409
    title = "The raw events of that time are gone"
    remedy = (
        "Nothing is to be done: the counts stay as they are. Raw events are kept as long as "
        "core.storage_policy says."
    )


class UnknownRecomputeError(GroundswellError):
    """No recompute has this number."""

    slug = "unknown-recompute"
    status = 404
    title = "There is no such recompute"
    remedy = "Take a number that /admin/audit lists."


class RecomputeFailedError(GroundswellError):
    """The job could not rebuild the stats; some may be rebuilt, and none are gone."""

    slug = "recompute-failed"
    title = "The stats could not be recomputed"


class TooManyAlertsError(GroundswellError):
    """The key has as many alert subscriptions as core.alert_policy allows."""

    slug = "too-many-alerts"
    status = 409
    title = "There are too many alert subscriptions"
    remedy = "Delete a subscription that is not needed, or have core.alert_policy changed."


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


class TooManyStreamsError(GroundswellError):
    """As many callers hold a stream as may: try again after the seconds of Retry-After."""

    slug = "too-many-streams"
    status = 503
    title = "Too many streams are held"
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
