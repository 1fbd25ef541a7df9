"""`GET /analytics/rankings…`: what rankings there are, their lists, and why an item is where."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from app.access.guard import require
from app.errors import BadRequestError, UnknownItemError, UnknownRankingError
from app.http.answers import AnyRequest, kept
from app.http.cursor import other_list
from app.http.parameters import (
    DEFAULT_TYPE,
    ContentId,
    ContentType,
    PageCursor,
    PageLimit,
    RankingName,
)
from app.http.problems import documented
from app.http.tables import TABLES, Answer, FormatParameter, format_of, tabled, varied
from app.http.times import parse_moment
from app.rankings import listing
from app.rankings import queries as rankings
from app.rankings.edits import explain_edit
from app.rankings.errors import CursorExpiredError, NoSnapshotError, UnrankedItemError
from app.rankings.hot_path import DEFAULT_LIMIT
from app.rankings.listing import Listing
from app.rankings.pages import named_kind
from app.rankings.parameters import parse_segment, parse_since
from app.rankings.wire import Explanation, RankingOverview, Rankings, ScoreComponent, Trending
from app.services import Services

DISCOUNTING = "weighted_decay"
"""The formula that leaves out what is repeated, and what labelled actors do."""


@get(
    "/analytics/rankings",
    summary="Which rankings there are",
    description="Every ranking with its settings, its newest run, and up to when its order is "
    "known to hold.",
    operation_id="rankings",
    tags=["Rankings"],
    responses={
        200: ResponseSpec(Rankings, description="The rankings", generate_examples=False),
    },
)
async def get_rankings(request: AnyRequest, services: NamedDependency[Services]) -> Response[bytes]:
    """Return every ranking."""
    found = await services.read(rankings.ranking_overviews)
    answer = Rankings(rankings=[_outward(ranking) for ranking in found])
    return kept(request, answer, max_age=services.settings.trending_max_age)


@get(
    "/analytics/rankings/{name:str}",
    summary="A list of a ranking",
    description="The newest snapshot of a ranking, or of one part of it, page by page. `asOf` "
    "shows the snapshot that was the newest one then: runs are kept for some hours, then one an "
    "hour for months.",
    operation_id="ranking",
    tags=["Rankings"],
    responses={
        200: ResponseSpec(Trending, description="The list", generate_examples=False),
        304: ResponseSpec(None, description="Nothing has changed since that ETag"),
        **documented(UnknownRankingError, NoSnapshotError, CursorExpiredError),
    },
    opt={TABLES: True},
)
async def get_ranking(
    request: AnyRequest,
    services: NamedDependency[Services],
    name: RankingName,
    segment: Annotated[
        str | None,
        QueryParameter(
            name="segment",
            description="`category:Music`, `contentType:movie`, `creator:Ada` or `language:en`, "
            "if the ranking is ranked in such parts; else the whole list.",
        ),
    ] = None,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
    as_of: Annotated[
        str | None,
        QueryParameter(
            name="asOf",
            description="A past moment with a zone, such as `2026-01-31T12:00:00Z`.",
            schema_extra={"format": "date-time"},
        ),
    ] = None,
    format_: FormatParameter = None,
) -> Answer:
    """Return a page of a ranking's list."""
    lists = services.lists
    wanted = _wanted(name, segment, cursor, as_of)
    found = await listing.find(lists, wanted)
    if found is not None:
        answer = listing.answer(request, lists, found, wanted, limit=limit)
        return tabled(request, format_of(request, format_), varied(answer))
    ranking = await _overview(services, name)
    if wanted.as_of is not None:
        raise NoSnapshotError(f"no run of {name} is kept from {wanted.as_of.isoformat()} or before")
    answer = listing.empty(request, wanted, ranking.window)
    return tabled(request, format_of(request, format_), varied(answer))


@get(
    "/analytics/rankings/{name:str}/items/{content_id:str}",
    summary="Why an item stands where it does",
    description="The item's score, component by component, with the weight, half-life and the "
    "last hour's share of each, its places in the kept runs, and what an editorial rule does to "
    "it. The score is as of the ranking's newest confirmation.",
    operation_id="explanation",
    tags=["Rankings"],
    responses={
        200: ResponseSpec(Explanation, description="The explanation", generate_examples=False),
        **documented(UnknownRankingError, UnknownItemError, UnrankedItemError),
    },
)
async def get_explanation(
    request: AnyRequest,
    services: NamedDependency[Services],
    name: RankingName,
    content_id: ContentId,
    content_type: ContentType = DEFAULT_TYPE,
    since: Annotated[
        str,
        QueryParameter(name="since", description="How far back the history goes: `1m` to `90d`."),
    ] = "24h",
) -> Response[bytes]:
    """Explain an item's score and place in a ranking."""
    reach = parse_since(since)
    lists = services.lists
    ranking = await _overview(services, name)
    if ranking.subject != "item":
        raise UnrankedItemError(f"{name} ranks by {ranking.subject}, not items")
    as_of = ranking.confirmed_at or lists.now()
    item = {"content_type": content_type, "content_id": content_id}
    async with services.connected() as connection:
        place = await rankings.item_place(connection, run_id=ranking.run_id, **item)
        if place is None:
            raise UnknownItemError(f"no {content_type} has the id {content_id!r}")
        parts = await rankings.explain_score(connection, ranking=name, **item, as_of=as_of)
        if place.excluded_because is not None:
            raise UnrankedItemError(f"{content_id!r} is excluded: {place.excluded_because}")
        edited = await explain_edit(connection, ranking=name, **item, as_of=as_of)
        edit = edited.edit if edited else None
        discounts = (
            await rankings.item_discounts(connection, **item)
            if ranking.formula == DISCOUNTING
            else []
        )
        if not parts and edit is None:
            # With nothing left, what was taken off says why.
            reasons = ", ".join(each.reason for each in discounts)
            raise UnrankedItemError(
                f"{content_id!r} has no points in {name} as of {as_of.isoformat()}"
                + (f"; discounted: {reasons}" if reasons else "")
            )
        history = await rankings.rank_history(connection, ranking=name, **item, since=as_of - reach)
    explanation = Explanation(
        ranking=name,
        **item,
        rank=place.rank,
        previous_rank=place.previous_rank,
        rank_without_rules=edited.rank_without_rules if edited else place.rank,
        edit=edit,
        score=parts[0].score if parts else 0.0,
        as_of=as_of,
        formula=ranking.formula,
        description=ranking.description,
        components=[msgspec.convert(part, ScoreComponent, from_attributes=True) for part in parts],
        discounts=discounts,
        history=history,
    )
    return kept(request, explanation, max_age=services.settings.trending_max_age)


def _wanted(name: str, segment: str | None, cursor: str | None, as_of: str | None) -> Listing:
    asked = Listing(
        ranking=name,
        segment=parse_segment(segment or ""),
        as_of=None if as_of is None else parse_moment("asOf", as_of),
    )
    if cursor is None:
        return asked
    if as_of is not None:
        raise BadRequestError("asOf: a cursor has a snapshot of its own; send one of the two")
    wanted = listing.continued(cursor)
    if wanted.ranking != name or (segment is not None and asked.segment != wanted.segment):
        raise other_list()
    return wanted


async def _overview(services: Services, name: str) -> RankingOverview:
    async with services.connected() as connection:
        found = await rankings.ranking_overview(connection, name=name)
    if found is None:
        raise UnknownRankingError(f"no ranking is called {name!r}; see /analytics/rankings")
    return found


def _outward(ranking: RankingOverview) -> RankingOverview:
    """Name things as callers know them."""
    return msgspec.structs.replace(
        ranking, segments=[named_kind(kind) for kind in ranking.segments]
    )


router = Router(
    "/",
    route_handlers=[get_rankings, get_ranking, get_explanation],
    guards=[require("read")],
)
