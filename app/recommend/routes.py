"""`GET /recommendations`: what a user may like next, or whoever is at an item."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import caller_of, require, user_of
from app.errors import (
    BadRequestError,
    ForbiddenError,
    NotSignedInError,
    UnknownItemError,
    UsersDisabledError,
)
from app.http.answers import AnyRequest, note_needed, passing
from app.http.parameters import (
    DEFAULT_TYPE,
    MAX_NAME,
    OptionalCategory,
    OptionalContentType,
    PageLimit,
)
from app.http.problems import documented
from app.items.exclusions import item_named
from app.recommend.recommend import Wanted
from app.recommend.wire import Recommendations
from app.services import Services

For = Literal["user", "item"]


@get(
    "/recommendations",
    summary="What may be liked next",
    description="By what the same users turned to: `because` names the item that is the reason. "
    "For the signed-in user; with `userId` for any user, which needs a secret API key, as it tells "
    "what that user viewed; with `for=item` beside an item. What the user has viewed or likes, and "
    "what is excluded, is left out. Where there is too little, trending items of the same filter "
    "follow, and say so in `source`. A user's answer is kept for an hour, until the user acts.",
    operation_id="recommendations",
    tags=["Recommendations"],
    responses={
        200: ResponseSpec(Recommendations, description="The items", generate_examples=False),
        **documented(NotSignedInError, UsersDisabledError, UnknownItemError),
    },
)
async def get_recommendations(  # as many as there are parameters
    request: AnyRequest,
    services: NamedDependency[Services],
    user_id: Annotated[
        str | None,
        QueryParameter(
            name="userId",
            min_length=1,
            max_length=MAX_NAME,
            description="The user, for those who have a secret API key; else who is signed in.",
        ),
    ] = None,
    for_: Annotated[
        For,
        QueryParameter(name="for", description="`item`: beside the item that `contentId` names."),
    ] = "user",
    content_id: Annotated[
        str | None,
        QueryParameter(
            name="contentId",
            min_length=1,
            max_length=MAX_NAME,
            description="Id of the item, with `for=item`; `contentType` is its type then.",
        ),
    ] = None,
    content_type: OptionalContentType = None,
    category: OptionalCategory = None,
    limit: PageLimit = 20,
) -> Response[bytes]:
    """Return what may be liked next."""
    if for_ == "item":
        if user_id is not None:
            raise BadRequestError("userId: cannot stand beside for=item")
        if content_id is None:
            raise BadRequestError("contentId: for=item needs the id of the item")
        wanted = Wanted(category=category, limit=limit)
        return await _beside(request, services, (content_type or DEFAULT_TYPE, content_id), wanted)
    if content_id is not None:
        raise BadRequestError("contentId: needs for=item beside it")
    if user_id is None:
        user_id = user_of(request)
    else:
        await _check_may_name_users(request)
    wanted = Wanted(content_type=content_type, category=category, limit=limit)
    answer = await services.recommender.for_user(user_id, wanted)
    return passing(request, answer)


async def _check_may_name_users(request: AnyRequest) -> None:
    """Raise `ForbiddenError` unless the caller has a secret key: it may learn what others view."""
    note_needed(request, "authorization", "x-api-key")
    caller = await caller_of(request)
    if not caller.is_server:
        raise ForbiddenError("userId: needs a secret API key; a signed-in user needs no userId")


async def _beside(
    request: AnyRequest, services: Services, item: tuple[str, str], wanted: Wanted
) -> Response[bytes]:
    content_type, content_id = item
    async with services.connected() as connection:
        item_id = await item_named(connection, content_type=content_type, content_id=content_id)
    if item_id is None:
        raise UnknownItemError(f"no {content_type} {content_id!r} has ever been named")
    return passing(request, await services.recommender.beside(item_id, wanted))


router = Router("/", route_handlers=[get_recommendations], guards=[require("read")])
