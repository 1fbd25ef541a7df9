"""`/likes`: how many users like each of some items, for everybody, in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from msgspec import UNSET, UnsetType

from app.access.guard import require, user_if_any
from app.errors import NotSignedInError, TooLargeError, UnavailableError
from app.http.answers import AnyRequest, passing
from app.http.body import body_of
from app.http.openapi_bodies import json_body
from app.http.parameters import DEFAULT_TYPE, ContentType
from app.http.problems import documented
from app.likes.counts import LikeCount
from app.likes.queries import ItemLikeState, like_states
from app.likes.wire import ItemLikes, LikesOfItems
from app.services import Services
from app.stats.batch import items_in_body, items_in_query
from app.stats.keys import Item
from app.stats.wire import ItemRef

_ANSWER = {200: ResponseSpec(LikesOfItems, description="The counts", generate_examples=False)}
_WHAT = (
    "How many users like each of up to 500 items now; `hasLiked` says whether the caller does, "
    "where one is signed in. Null for items that nobody has ever named."
)


@get(
    "/likes",
    summary="Like counts of several items",
    description=_WHAT,
    operation_id="likesOfItems",
    responses={**_ANSWER, **documented(NotSignedInError)},
)
async def likes_of_ids(
    request: AnyRequest,
    services: NamedDependency[Services],
    ids: Annotated[
        str | None,
        QueryParameter(
            name="ids", description="1 to 500 ids with commas between them; others go by POST."
        ),
    ] = None,
    content_type: ContentType = DEFAULT_TYPE,
) -> Response[bytes]:
    """Return the like counts of items of one type."""
    return passing(request, await _likes(request, services, items_in_query(ids, content_type)))


@post(
    "/likes",
    status_code=200,
    request_max_body_size=None,
    summary="Like counts of several items of any types",
    description=f"Of one or an array. {_WHAT}",
    operation_id="likesOfItemsOfTypes",
    operation_class=json_body(ItemRef, several=True),
    responses={**_ANSWER, **documented(NotSignedInError, TooLargeError)},
)
async def likes_of_items(
    request: AnyRequest, services: NamedDependency[Services]
) -> Response[bytes]:
    """Return the like counts of the items in the body."""
    items = items_in_body(await body_of(request, limit=services.settings.max_body_bytes))
    return passing(request, await _likes(request, services, items))


async def _likes(request: AnyRequest, services: Services, items: Sequence[Item]) -> LikesOfItems:
    user = user_if_any(request)
    asked = list(dict.fromkeys(items))
    held = await services.like_counts.get_many(asked)
    states = await _states(services, asked, held, user)
    counts = {item: state.likes for item, state in (states or {}).items()}
    counts |= {item: count.likes for item, count in held.items() if item not in counts}

    def liked_of(item: Item) -> bool | UnsetType | None:
        if user is None:
            return UNSET
        state = (states or {}).get(item)
        return None if state is None else state.has_liked

    return LikesOfItems(
        items=[
            ItemLikes(
                content_id=item[1],
                content_type=item[0],
                likes_count=counts.get(item),
                has_liked=liked_of(item),
            )
            for item in items
        ]
    )


async def _states(
    services: Services, asked: Sequence[Item], held: dict[Item, LikeCount], user: str | None
) -> dict[Item, ItemLikeState] | None:
    """Ask the database once: of the user's likes, or else of the counts that Redis has not.

    None where it is down and Redis has all counts. What it says wins, and is kept.
    """
    wanted = [item for item in asked if user is not None or item not in held]
    if not wanted:
        return None
    try:
        async with services.connected() as connection:
            found = await like_states(connection, user_id=user, items=wanted)
    except UnavailableError:
        if len(held) == len(asked):
            return None
        raise
    states = {(state.content_type, state.content_id): state for state in found}
    fresh = {item: state for item, state in states.items() if item not in held}
    if fresh:
        await services.like_counts.store_many(fresh)
    return states


router = Router(
    "/", route_handlers=[likes_of_ids, likes_of_items], guards=[require("read")], tags=["Likes"]
)
