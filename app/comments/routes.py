"""`/items/{id}/comments`: what signed-in users write below items."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from app.access.guard import caller_of, require, user_of
from app.audit.audited import audited
from app.comments.cursor import ABOVE_ALL, CODEC, CommentCursor
from app.comments.errors import CommentIdTakenError, UnknownCommentError
from app.comments.language import UNKNOWN
from app.comments.queries import CommentRow, comments_of_item, want_translations
from app.comments.text import checked
from app.comments.wire import Comment, CommentIn, Comments, TranslationState
from app.errors import (
    BadRequestError,
    NotSignedInError,
    RateLimitedError,
    TooLargeError,
    UnknownItemError,
    UsersDisabledError,
)
from app.http.answers import passing
from app.http.body import decoded
from app.http.openapi_bodies import json_body
from app.http.parameters import DEFAULT_TYPE, ContentId, ContentType, PageCursor, PageLimit
from app.http.problems import documented
from app.ingest import keys
from app.ingest.allowance import allow
from app.ingest.limits import Limit, limit_headers
from app.ingest.senders import AnyRequest
from app.items.exclusions import item_named
from app.runtime.moments import microseconds
from app.services import Services
from app.stats.keys import Item

MAX_BODY = 32_000
"""Room for the longest text with each character escaped in twelve."""
DECODER = msgspec.json.Decoder(CommentIn)

_REFUSALS = (NotSignedInError, UsersDisabledError)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:-[A-Za-z0-9]{1,8})*")

CommentId = Annotated[UUID, PathParameter(description="Id of the comment.")]
Language = Annotated[
    str | None,
    QueryParameter(
        name="lang",
        min_length=2,
        max_length=35,
        description="The reader's language, such as `de` or `pt-BR`: comments in other ones come "
        "with a translation as soon as there is one.",
    ),
]


@post(
    "/items/{content_id:str}/comments",
    status_code=201,
    request_max_body_size=None,
    summary="Post a comment",
    description="Stored with its comment event in one transaction, and the language told. An item "
    "that nobody has named yet is registered, or refused where the service refuses such events. "
    "With an `id` it is safe to repeat: one comment, one event, the same answer.",
    operation_id="postComment",
    operation_class=json_body(CommentIn),
    guards=[require("write")],
    security=[{"userToken": []}],
    responses={
        201: ResponseSpec(Comment, description="The comment", generate_examples=False),
        **documented(
            *_REFUSALS, UnknownItemError, CommentIdTakenError, RateLimitedError, TooLargeError
        ),
    },
)
async def create(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = DEFAULT_TYPE,
) -> Response[bytes]:
    """Post a comment of the caller."""
    user_id = user_of(request)
    headers = await _allowed(request, services, user_id)
    given = await decoded(request, DECODER, limit=MAX_BODY)
    text = checked(given.text)
    posted = await services.posting.post(
        (content_type, content_id), user_id=user_id, text=text, comment_id=given.id
    )
    answer = Comment(
        id=posted.comment_id,
        content_id=content_id,
        content_type=content_type,
        user_id=user_id,
        text=text,
        language=posted.language,
        translation="original",
        translated_text=None,
        created_at=posted.created_at.astimezone(UTC),
    )
    return passing(request, answer, status=201, headers=headers)


@get(
    "/items/{content_id:str}/comments",
    summary="An item's comments",
    description="Newest first. Pages neither repeat nor skip what is there meanwhile. A "
    "translation is made once somebody asks for it, once for each text and language, and comes "
    "with a later request; until then, and whoever translates be down, there is the original.",
    operation_id="comments",
    guards=[require("read")],
    responses={
        200: ResponseSpec(Comments, description="One page", generate_examples=False),
        **documented(UnknownItemError),
    },
)
async def read(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = DEFAULT_TYPE,
    language: Language = None,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
) -> Response[bytes]:
    """Return one page of an item's comments, and want translations that nobody wanted yet."""
    place = ABOVE_ALL if cursor is None else CODEC.decode(cursor)
    target = None if language is None else _primary(language)
    is_translated = target in services.settings.translation_targets
    item: Item = (content_type, content_id)
    async with services.connected() as connection:
        item_id = await item_named(connection, content_type=content_type, content_id=content_id)
        if item_id is None:
            raise UnknownItemError(f"no {content_type} has the id {content_id!r}")
        rows = await comments_of_item(
            connection,
            item_id=item_id,
            target=target,
            before=place.created_at,
            before_comment=place.comment_id,
            most=limit + 1,
        )
        wanted = [
            row.text_digest
            for row in rows[:limit]
            if not row.is_wanted and _is_foreign(row, target)
        ]
        if wanted and target and is_translated:
            await want_translations(
                connection, digests=wanted, target=target, as_of=datetime.now(UTC)
            )
    shown = rows[:limit]
    answer = Comments(
        items=[_comment(item, row, target, is_translated=is_translated) for row in shown],
        next_cursor=_after(shown[-1]) if len(rows) > limit else None,
    )
    return passing(request, answer)


@delete(
    "/items/{content_id:str}/comments/{comment_id:uuid}",
    summary="Delete a comment",
    description="Its author's alone. The text goes, with its translations, and an uncomment event "
    "is recorded in the same transaction; safe to repeat.",
    operation_id="deleteComment",
    guards=[require("write")],
    security=[{"userToken": []}],
    responses=documented(*_REFUSALS, UnknownCommentError, RateLimitedError),
)
async def remove(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    comment_id: CommentId,
    content_type: ContentType = DEFAULT_TYPE,
) -> None:
    """Delete a comment of the caller."""
    user_id = user_of(request)
    await _allowed(request, services, user_id)
    await services.posting.delete(comment_id, author=user_id, item=(content_type, content_id))


@delete(
    "/admin/comments/{comment_id:uuid}",
    summary="Delete anybody's comment",
    description="As its author could; the audit trail has a line of it.",
    operation_id="deleteAnyComment",
    guards=[require("admin")],
    security=[{"adminKey": []}],
    responses=documented(UnknownCommentError),
)
async def moderate(
    request: AnyRequest, services: NamedDependency[Services], comment_id: CommentId
) -> None:
    """Delete a comment, whoever wrote it."""
    async with audited(request, "delete comment", {"id": str(comment_id)}):
        await services.posting.delete(comment_id)


async def _allowed(request: AnyRequest, services: Services, user_id: str) -> dict[str, str]:
    """Take one event out of the limits of key, client and user; return the headers that say so."""
    sender = await services.senders.sender_of(request, await caller_of(request))
    limits = sender.limits
    if per_minute := services.settings.comment_limit_per_minute:
        limits += (Limit("user", keys.rate("user", user_id), per_minute),)
    return limit_headers(await allow(services.redis, limits))


def _primary(language: str) -> str:
    """Return the code of a language without its region and script."""
    if found := _LANGUAGE.fullmatch(language):
        return found[1].lower()
    raise BadRequestError("lang: expected a language, such as de or pt-BR")


def _is_foreign(row: CommentRow, target: str | None) -> bool:
    return target is not None and row.language not in {target, UNKNOWN}


def _comment(item: Item, row: CommentRow, target: str | None, *, is_translated: bool) -> Comment:
    state: TranslationState = "original"
    translated: str | None = None
    if _is_foreign(row, target):
        translated = row.translated
        if translated is not None:
            state = "translated"
        else:
            state = "pending" if is_translated and not row.has_failed else "unavailable"
    return Comment(
        id=row.comment_id,
        content_id=item[1],
        content_type=item[0],
        user_id=row.user_id,
        text=row.text,
        language=row.language,
        translation=state,
        translated_text=translated,
        created_at=row.created_at.astimezone(UTC),
    )


def _after(last: CommentRow) -> str:
    place = CommentCursor(microseconds=microseconds(last.created_at), comment_id=last.comment_id)
    return CODEC.encode(place)


router = Router("/", route_handlers=[create, read, remove, moderate], tags=["Comments"])
