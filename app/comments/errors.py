"""What a caller of comments can meet."""

from __future__ import annotations

from app.errors import GroundswellError


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
