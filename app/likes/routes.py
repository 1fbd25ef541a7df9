"""`/items/{id}/like` and `/items/liked`: what signed-in users like."""

from __future__ import annotations

from datetime import UTC

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from app.access.guard import caller_of, require, user_of
from app.errors import NotSignedInError, RateLimitedError, UnknownItemError, UsersDisabledError
from app.http.answers import passing
from app.http.cursor import page_of
from app.http.parameters import DEFAULT_TYPE, ContentId, ContentType, PageCursor, PageLimit
from app.http.problems import documented
from app.ingest.allowance import allow
from app.ingest.limits import limit_headers
from app.ingest.senders import AnyRequest
from app.likes.cursor import ABOVE_ALL, CODEC, LikeCursor
from app.likes.queries import LikedRow, like_state, liked_items
from app.likes.toggle import change_like, unknown
from app.likes.wire import Like, LikedItem, LikedItems
from app.runtime.moments import microseconds
from app.services import Services
from app.stats.keys import Item

_REFUSALS = (NotSignedInError, UsersDisabledError)
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
    content_type: ContentType = DEFAULT_TYPE,
) -> Response[bytes]:
    """Turn the caller's like round."""
    return await _set(request, services, (content_type, content_id), wanted=None)


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
    content_type: ContentType = DEFAULT_TYPE,
) -> Response[bytes]:
    """Set the caller's like."""
    return await _set(request, services, (content_type, content_id), wanted=True)


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
    content_type: ContentType = DEFAULT_TYPE,
) -> Response[bytes]:
    """Unset the caller's like."""
    return await _set(request, services, (content_type, content_id), wanted=False)


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
    content_type: ContentType = DEFAULT_TYPE,
) -> Response[bytes]:
    """Return how it stands between the caller and an item."""
    item = (content_type, content_id)
    user_id = user_of(request)
    held = await services.like_counts.get(item)
    async with services.connected() as connection:
        state = await like_state(
            connection, user_id=user_id, content_type=content_type, content_id=content_id
        )
    if state is None:
        raise unknown(item)
    await services.like_counts.settle(item, held, state)
    return passing(request, Like(has_liked=state.has_liked, likes_count=state.likes))


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
    limit: PageLimit = 20,
    cursor: PageCursor = None,
) -> Response[bytes]:
    """Return one page of what the caller likes."""
    place = ABOVE_ALL if cursor is None else CODEC.decode(cursor)
    user_id = user_of(request)
    async with services.connected() as connection:
        rows = await liked_items(
            connection,
            user_id=user_id,
            before=place.liked_at,
            before_item=place.item_id,
            most=limit + 1,
        )
    shown, next_cursor = page_of(rows, limit, _after)
    answer = LikedItems(
        items=[
            LikedItem(
                content_id=row.content_id,
                content_type=row.content_type,
                title=row.title,
                category=row.category,
                creator=row.creator,
                liked_at=row.liked_at.astimezone(UTC),
            )
            for row in shown
        ],
        next_cursor=next_cursor,
    )
    return passing(request, answer)


def _after(last: LikedRow) -> str:
    return CODEC.encode(LikeCursor(microseconds=microseconds(last.liked_at), item_id=last.item_id))


async def _set(
    request: AnyRequest, services: Services, item: Item, *, wanted: bool | None
) -> Response[bytes]:
    user_id = user_of(request)
    sender = await services.senders.sender_of(request, await caller_of(request))
    headers = limit_headers(await allow(services.redis, sender.limits))
    state = await change_like(
        item,
        user_id=user_id,
        wanted=wanted,
        settings=services.settings,
        pool=services.pool,
        like_counts=services.like_counts,
        live_counts=services.live_counts,
        new_id=services.new_id,
    )
    answer = Like(has_liked=state.has_liked, likes_count=state.likes)
    return passing(request, answer, headers=headers)


router = Router(
    "/",
    route_handlers=[toggle_like, like, unlike, get_like, get_liked],
    tags=["Likes"],
    security=[{"userToken": []}],
)
