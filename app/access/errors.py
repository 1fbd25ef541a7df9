"""What whoever shows a key can meet."""

from __future__ import annotations

from app.errors import GroundswellError


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
