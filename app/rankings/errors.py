"""What a reader and a tuner of rankings can meet."""

from __future__ import annotations

from app.errors import GroundswellError


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
