"""`GET /search`: items, categories and types of the catalogue, by what was typed."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import require
from app.http.answers import AnyRequest, kept
from app.http.parameters import MAX_NAME, PageLimit
from app.items import queries as items
from app.items.wire import Found, FoundItem
from app.services import Services


@get(
    "/search",
    summary="Search the catalogue",
    description="Items by the beginnings of words in title and creator, or of their id; "
    "categories and content types by any part of their name. Without `q`, no items, and all "
    "categories and types.",
    operation_id="search",
    guards=[require("read")],
    tags=["Items"],
    responses={
        200: ResponseSpec(Found, description="What was found", generate_examples=False),
        304: ResponseSpec(None, description="Nothing has changed since that ETag"),
    },
)
async def search(
    request: AnyRequest,
    services: NamedDependency[Services],
    q: Annotated[
        str,
        QueryParameter(name="q", max_length=MAX_NAME, description="What was typed."),
    ] = "",
    limit: PageLimit = 10,
) -> Response[bytes]:
    """Return what has it, each kind by itself, so many of each at most."""
    wanted = q.strip()
    async with services.connected() as connection:
        found = await items.search_items(connection, wanted=wanted, most=limit) if wanted else []
        answer = Found(
            items=[msgspec.convert(each, FoundItem, from_attributes=True) for each in found],
            categories=await items.catalogue_names(
                connection, kind="category", wanted=wanted, most=limit
            ),
            content_types=await items.catalogue_names(
                connection, kind="content_type", wanted=wanted, most=limit
            ),
        )
    return kept(request, answer, max_age=0)
