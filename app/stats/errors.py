"""What whoever has stats recomputed can meet."""

from __future__ import annotations

from app.errors import GroundswellError


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
