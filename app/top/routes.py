"""`GET /analytics/top/{list}`: the most viewed, liked and commented, live."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from app.access.guard import KEY_HEADERS, demand, require
from app.errors import UnavailableError, UnknownRankingError
from app.http.answers import AnyRequest, kept, note_needed
from app.http.parameters import MAX_NAME, PageLimit
from app.http.problems import documented
from app.http.tables import TABLES, Answer, FormatParameter, format_of, tabled, varied
from app.rankings.queries import ranking_overview
from app.runtime.moments import microseconds, moment_of
from app.services import Services
from app.top.pages import Wanted
from app.top.queries import top_users
from app.top.wire import Period, TopItem, TopList

FORMULA = "top_count"
DEFAULT_PERIOD: Period = "7d"
DEFAULT_LIMIT = 20
DEPTH = 1_000
USERS = "users"
"""The list of users by what they did, which is no ranking."""


@get(
    "/analytics/top/{name:str}",
    summary="A top list, live",
    description="`viewed`, `liked` and `commented` items and `creators` by likes, over 7 days, "
    "today, this week (from Monday) or this month. Lists follow each event within a second: "
    "whoever belongs in one is in it. Equal counts go to the item that was registered first, or to "
    "the name that sorts first. Any ranking named `top_…` of formula top_count can be read. "
    "`users` by what they did themselves (views, likes, comments and shares, less what was taken "
    "back) is there where the service publishes it, for all or with an admin key only.",
    operation_id="topList",
    tags=["Rankings"],
    responses={
        200: ResponseSpec(TopList, description="The list", generate_examples=False),
        304: ResponseSpec(None, description="Nothing has changed since that ETag"),
        **documented(UnknownRankingError),
    },
    opt={TABLES: True},
)
async def get_top(
    request: AnyRequest,
    services: NamedDependency[Services],
    name: Annotated[
        str,
        PathParameter(
            min_length=1,
            max_length=MAX_NAME,
            description="`viewed`, `liked`, `commented`, `creators`, `users`, or one that a DBA "
            "has added.",
        ),
    ],
    period: Annotated[
        Period,
        QueryParameter(
            name="period",
            description="What is counted: the last 7 days, or since the beginning of the day, "
            "week or month in the service's zone.",
        ),
    ] = DEFAULT_PERIOD,
    offset: Annotated[
        int, QueryParameter(name="offset", ge=0, le=DEPTH - 1, description="How many to skip.")
    ] = 0,
    limit: PageLimit = DEFAULT_LIMIT,
    format_: FormatParameter = None,
) -> Answer:
    """Return a page of a top list."""
    wanted = Wanted(name=name, period=period, offset=offset, limit=limit)
    if name == USERS:
        found = await _users(request, services, wanted)
    else:
        found = await _listed(services, wanted)
    answer = kept(request, found, max_age=services.settings.trending_max_age)
    return tabled(request, format_of(request, format_), varied(answer))


async def _listed(services: Services, wanted: Wanted) -> TopList:
    pages = services.top_pages
    found = await pages.live(wanted)
    if found is None:
        await _check_known(services, wanted)
        found = await pages.last_run(wanted) or _empty(wanted)
    return found


async def _users(request: AnyRequest, services: Services, wanted: Wanted) -> TopList:
    """Return the page of the most active users, to who may know them."""
    found = await services.read(
        lambda connection: top_users(
            connection,
            window=wanted.period,
            skipped=wanted.offset,
            most=wanted.limit,
            size=DEPTH,
        )
    )
    if found is None:
        raise UnknownRankingError("users are not listed here: core.activity_policy says for whom")
    if found.readers == "admin":
        note_needed(request, *KEY_HEADERS)
        await demand(request, "admin")
    return TopList(
        name=wanted.name,
        period=wanted.period,
        ranking=wanted.ranking,
        as_of=found.as_of,
        since=None if found.since is None else _first_moment(found.since, wanted.period),
        stale=not found.is_counted,
        total=found.total,
        items=[
            TopItem(
                rank=rank,
                content_id=user_id,
                content_type="user",
                title=None,
                category=None,
                creator=None,
                count=count,
            )
            for rank, (user_id, count) in enumerate(
                zip(found.user_ids, found.counts, strict=True), start=wanted.offset + 1
            )
        ],
    )


def _first_moment(since: datetime, period: Period) -> datetime:
    """Return the first moment that counts: windows of the calendar begin at a midnight."""
    return moment_of(microseconds(since) + (period != "7d"))


async def _check_known(services: Services, wanted: Wanted) -> None:
    """Raise `UnknownRankingError` for what is no top list, as far as the database can say."""
    try:
        async with services.connected() as connection:
            known = await ranking_overview(connection, name=wanted.ranking)
    except UnavailableError:
        return
    if known is None or (known.formula, known.window) != (FORMULA, wanted.period):
        raise UnknownRankingError(f"there is no top list {wanted.name!r} for {wanted.period}")


def _empty(wanted: Wanted) -> TopList:
    return TopList(
        name=wanted.name,
        period=wanted.period,
        ranking=wanted.ranking,
        as_of=None,
        since=None,
        stale=True,
        total=0,
        items=[],
    )


router = Router("/", route_handlers=[get_top], guards=[require("read")])
