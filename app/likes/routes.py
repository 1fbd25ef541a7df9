"""`/items/{id}/like` and `/items/liked`: what signed-in users like."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import MediaType, Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from app.access.guard import caller_of, require
from app.errors import (
    BadRequestError,
    ForbiddenError,
    NotSignedInError,
    RateLimitedError,
    UnauthorizedError,
    UnavailableError,
    UnknownItemError,
    UsersDisabledError,
)
from app.http.parameters import parse_limit, parse_name
from app.http.problems import documented
from app.ingest.allowance import take_one
from app.ingest.packing import TYPE_NUMBERS, PackedEvent
from app.ingest.rows import Committed, ReceivedEvent
from app.ingest.senders import AnyRequest
from app.likes.counts import Item
from app.likes.cursor import ABOVE_ALL, Place, decode_place, encode_place
from app.likes.queries import LikeChange, like_state, liked_items, set_like
from app.likes.wire import Like, LikedItem, LikedItems
from app.runtime.moments import unix_microseconds
from app.services import Services

ContentId = Annotated[str, PathParameter(description="Id of the item: 1 to 200 characters.")]
ContentType = Annotated[
    str, QueryParameter(name="contentType", description="Type of the item: 1 to 200 characters.")
]
Limit = Annotated[str, QueryParameter(name="limit", description="Items on a page: 1 to 100.")]
CursorText = Annotated[
    str, QueryParameter(name="cursor", description="`nextCursor` of the page before.")
]


_REFUSALS = (
    BadRequestError,
    UnauthorizedError,
    NotSignedInError,
    UsersDisabledError,
    ForbiddenError,
    UnavailableError,
)
_ANSWER = {200: ResponseSpec(Like, description="How it stands now", generate_examples=False)}


@post(
    "/items/{content_id:str}/like",
    status_code=200,
    summary="Toggle a like",
    description="Like the item, or take the like back. One like per user and item, whatever "
    "happens at once; each change is recorded as a like or unlike event. An item that nobody has "
    "named yet is registered, or refused where the service refuses such events. A toggle whose "
    "answer was lost cannot be repeated safely: PUT and "
    "DELETE can.",
    operation_id="toggleLike",
    guards=[require("write")],
    responses={**_ANSWER, **documented(*_REFUSALS, UnknownItemError, RateLimitedError)},
)
async def toggle_like(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = "video",
) -> Response[bytes]:
    """Turn the caller's like round."""
    return await _set(request, services, _item(content_type, content_id), wanted=None)


@put(
    "/items/{content_id:str}/like",
    summary="Like an item",
    description="The item is liked then, whether it was before or not: safe to repeat.",
    operation_id="like",
    guards=[require("write")],
    responses={**_ANSWER, **documented(*_REFUSALS, UnknownItemError, RateLimitedError)},
)
async def like(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = "video",
) -> Response[bytes]:
    """Set the caller's like."""
    return await _set(request, services, _item(content_type, content_id), wanted=True)


@delete(
    "/items/{content_id:str}/like",
    status_code=200,
    summary="Take a like back",
    description="The item is not liked then, whether it was before or not: safe to repeat.",
    operation_id="unlike",
    guards=[require("write")],
    responses={**_ANSWER, **documented(*_REFUSALS, UnknownItemError, RateLimitedError)},
)
async def unlike(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = "video",
) -> Response[bytes]:
    """Unset the caller's like."""
    return await _set(request, services, _item(content_type, content_id), wanted=False)


@get(
    "/items/{content_id:str}/like",
    summary="Whether the caller likes an item",
    description="`likesCount` is how many users like it now.",
    operation_id="likeState",
    guards=[require("read")],
    responses={**_ANSWER, **documented(*_REFUSALS, UnknownItemError)},
)
async def get_like(
    request: AnyRequest,
    services: NamedDependency[Services],
    content_id: ContentId,
    content_type: ContentType = "video",
) -> Response[bytes]:
    """Return how it stands between the caller and an item."""
    item = _item(content_type, content_id)
    user_id = services.users.user_of(request)
    cached = await services.like_counts.get(item)
    async with services.connected() as connection:
        state = await like_state(
            connection, user_id=user_id, content_type=content_type, content_id=content_id
        )
    if state is None:
        raise _unknown(item)
    if cached is None or cached.version < state.version:
        await services.like_counts.store(item, state)
        return _private(Like(has_liked=state.has_liked, likes_count=state.likes))
    return _private(Like(has_liked=state.has_liked, likes_count=cached.likes))


@get(
    "/items/liked",
    summary="What the caller likes",
    description="Newest first. Pages neither repeat nor skip what stays liked meanwhile.",
    operation_id="likedItems",
    guards=[require("read")],
    responses={
        200: ResponseSpec(LikedItems, description="One page", generate_examples=False),
        **documented(*_REFUSALS),
    },
)
async def get_liked(
    request: AnyRequest,
    services: NamedDependency[Services],
    limit: Limit = "20",
    cursor: CursorText = "",
) -> Response[bytes]:
    """Return one page of what the caller likes."""
    most = parse_limit(limit)
    place = decode_place(cursor) if cursor else ABOVE_ALL
    user_id = services.users.user_of(request)
    async with services.connected() as connection:
        rows = await liked_items(
            connection,
            user_id=user_id,
            before=place.liked_at,
            before_item=place.item_id,
            most=most + 1,
        )
    shown = rows[:most]
    items = [
        LikedItem(
            content_id=row.content_id,
            content_type=row.content_type,
            title=row.title,
            category=row.category,
            creator=row.creator,
            liked_at=row.liked_at.astimezone(UTC),
        )
        for row in shown
    ]
    next_cursor = None
    if len(rows) > most:
        next_cursor = encode_place(Place(shown[-1].liked_at, shown[-1].item_id))
    return _private(LikedItems(items=items, next_cursor=next_cursor))


async def _set(
    request: AnyRequest, services: Services, item: Item, *, wanted: bool | None
) -> Response[bytes]:
    user_id = services.users.user_of(request)
    sender = await services.senders.sender_of(request, await caller_of(request))
    headers = await take_one(services.redis, sender.limits)
    now = unix_microseconds()
    event_id = services.new_id(now // 1_000)
    content_type, content_id = item
    state: LikeChange | None = None
    try:
        async with services.connected() as connection:
            state = await set_like(
                connection,
                user_id=user_id,
                content_type=content_type,
                content_id=content_id,
                wanted=wanted,
                registers=services.settings.unknown_items == "register",
                event_id=UUID(bytes=event_id),
                as_of=datetime.fromtimestamp(now / 1_000_000, UTC),
            )
    except UnavailableError:
        # It may be committed all the same.
        await services.like_counts.note_change(item, None)
        raise
    if state is None:
        raise _unknown(item)
    if state.transaction_id is not None:
        event = PackedEvent(
            event_id=event_id,
            occurred_at=now,
            content_type=content_type,
            content_id=content_id,
            type=TYPE_NUMBERS["like" if state.has_liked else "unlike"],
        )
        services.live_counts.add(
            Committed(state.transaction_id, [ReceivedEvent(event, now)], {item: state.item_id})
        )
    await services.like_counts.note_change(item, state)
    return _private(Like(has_liked=state.has_liked, likes_count=state.likes), headers)


def _item(content_type: str, content_id: str) -> Item:
    return parse_name("contentType", content_type), parse_name("id", content_id)


def _unknown(item: Item) -> UnknownItemError:
    content_type, content_id = item
    return UnknownItemError(f"no {content_type} {content_id!r} has ever been named")


def _private(body: msgspec.Struct, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(
        msgspec.json.encode(body),
        headers={**(headers or {}), "cache-control": "no-store"},
        media_type=MediaType.JSON,
    )


router = Router(
    "/",
    route_handlers=[toggle_like, like, unlike, get_like, get_liked],
    tags=["Likes"],
    security=[{"userToken": []}],
)
