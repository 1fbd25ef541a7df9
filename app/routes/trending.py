"""`GET /analytics/trending`: the current ranking of a window."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import MediaType, Request, Response, Router, get, head
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from app.errors import BadRequestError, UnavailableError
from app.problems import documented
from app.serving.hot_path import (
    DEFAULT_LIMIT,
    DEFAULT_WINDOW,
    MAX_LIMIT,
    PATH,
    WINDOWS,
    ranking_of,
)
from app.serving.snapshots import Snapshots
from app.wire import Trending, Window

WindowParameter = Annotated[
    str,
    Parameter(
        description="Only items with events in this window are ranked, by their score in it.",
        schema_extra={"enum": list(WINDOWS)},
    ),
]
LimitParameter = Annotated[
    str,
    Parameter(
        description="How many items to return.",
        schema_extra={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
    ),
]
PlainRequest = Request[object, object, State]


def parse_window(text: str) -> Window:
    """Return the window, or raise `BadRequestError` naming the allowed ones."""
    for window in WINDOWS:
        if text == window:
            return window
    raise BadRequestError(f"window: {text!r} is none of {', '.join(WINDOWS)}")


def parse_limit(text: str) -> int:
    """Return the limit, or raise `BadRequestError` naming its bounds."""
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= limit <= MAX_LIMIT:
        raise BadRequestError(f"limit: {text!r} is no whole number from 1 to {MAX_LIMIT}")
    return limit


def answer(request: PlainRequest, window: str, limit: str) -> Response[bytes]:
    """Answer as the hot path does, from the same bytes."""
    checked, size = parse_window(window), parse_limit(limit)
    snapshots: Snapshots = request.app.state.snapshots
    if not snapshots.known:
        raise UnavailableError("no ranking could be loaded yet", retry_after=1)
    found = snapshots.answer(ranking_of(checked), size)
    if found is None:
        empty = Trending(
            ranking=ranking_of(checked),
            window=checked,
            run_id=None,
            as_of=None,
            stale=False,
            items=[],
        )
        # Not to be kept for a moment: the first run can come at any time.
        return Response(
            msgspec.json.encode(empty),
            headers={"cache-control": "no-cache"},
            media_type=MediaType.JSON,
        )
    headers = {name.decode(): value.decode() for name, value in found.headers_304}
    if found.matches(request.headers.get("if-none-match", "").encode()):
        return Response(b"", status_code=304, headers=headers, media_type=MediaType.JSON)
    return Response(found.body, headers=headers, media_type=MediaType.JSON)


@get(
    PATH,
    summary="What is trending now",
    description="The best items of the newest snapshot, computed by the database every minute. "
    "`ETag` changes with the snapshot: send it back as `If-None-Match` to get a 304.",
    operation_id="trending",
    tags=["Rankings"],
    responses={
        200: ResponseSpec(Trending, description="The ranking", generate_examples=False),
        304: ResponseSpec(None, description="Nothing has changed since that ETag"),
        **documented(BadRequestError, UnavailableError),
    },
)
async def trending(
    request: PlainRequest,
    window: WindowParameter = DEFAULT_WINDOW,
    limit: LimitParameter = str(DEFAULT_LIMIT),
) -> Response[bytes]:
    """Return the current ranking of a window."""
    return answer(request, window, limit)


@head(PATH, include_in_schema=False)
async def trending_head(
    request: PlainRequest,
    window: WindowParameter = DEFAULT_WINDOW,
    limit: LimitParameter = str(DEFAULT_LIMIT),
) -> Response[None]:
    """Return the headers of `trending`."""
    whole = answer(request, window, limit)
    headers = {**whole.headers, "content-length": str(len(whole.content))}
    return Response(
        None, status_code=whole.status_code, headers=headers, media_type=whole.media_type
    )


router = Router("/", route_handlers=[trending, trending_head])
