"""What a subscriber of alerts can meet."""

from __future__ import annotations

from app.errors import GroundswellError


class UnknownAlertError(GroundswellError):
    """No alert subscription of this key has this id."""

    slug = "unknown-alert"
    status = 404
    title = "There is no such alert subscription"
    remedy = "Take an id that /alerts lists for the same key."


class TooManyAlertsError(GroundswellError):
    """The key has as many alert subscriptions as core.alert_policy allows."""

    slug = "too-many-alerts"
    status = 409
    title = "There are too many alert subscriptions"
    remedy = "Delete a subscription that is not needed, or have core.alert_policy changed."


class TooManyStreamsError(GroundswellError):
    """As many callers hold a stream as may: try again after the seconds of Retry-After."""

    slug = "too-many-streams"
    status = 503
    title = "Too many streams are held"
    retry_after = 5.0
