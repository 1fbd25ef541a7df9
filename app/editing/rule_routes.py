"""`/admin/rules`: what editors want of lists, each rule reversible and kept for the record."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from app.access.guard import caller_of, require
from app.audit.audited import audited
from app.editing import queries
from app.editing.errors import UnknownRuleError
from app.editing.wire import Rule, RuleIn, Rules
from app.errors import TooLargeError
from app.http.answers import AnyRequest, passing
from app.http.body import decoded
from app.http.openapi_bodies import json_body
from app.http.parameters import MAX_NAME
from app.http.problems import documented
from app.http.wire import Name
from app.rankings.dropping import compute_anew
from app.services import Services

MAX_BODY = 10_000
_DECODER = msgspec.json.Decoder(RuleIn)

RuleName = Annotated[
    str,
    PathParameter(
        min_length=1,
        max_length=MAX_NAME,
        description="A name of your own: letters, digits, dots, hyphens and underscores.",
    ),
]


@get(
    "/admin/rules",
    summary="List editorial rules",
    description="Those in force, the newest first; with `over=true` also those that were lifted, "
    "replaced or have ended by themselves, with who did so.",
    operation_id="editorialRules",
    responses={
        200: ResponseSpec(Rules, description="The rules", generate_examples=False),
    },
)
async def list_rules(
    request: AnyRequest,
    services: NamedDependency[Services],
    ranking: Annotated[
        Name | None,
        QueryParameter(
            name="ranking", description="Only those that act on this ranking: its own and all's."
        ),
    ] = None,
    over: Annotated[
        bool, QueryParameter(name="over", description="Also those that are over.")
    ] = False,
) -> Response[bytes]:
    """Return the rules."""
    async with services.connected() as connection:
        found = await queries.editorial_rules(connection, ranking=ranking, over=over)
    return passing(request, Rules(rules=found))


@get(
    "/admin/rules/{name:str}",
    summary="Show an editorial rule",
    description="The newest rule of that name, also one that is over.",
    operation_id="editorialRule",
    responses={
        200: ResponseSpec(Rule, description="The rule", generate_examples=False),
        **documented(UnknownRuleError),
    },
)
async def read(
    request: AnyRequest, services: NamedDependency[Services], name: RuleName
) -> Response[bytes]:
    """Return the rule of a name."""
    async with services.connected() as connection:
        found = await queries.rule_named(connection, name=name)
    if found is None:
        raise UnknownRuleError(f"no rule is called {name!r}")
    return passing(request, found)


@put(
    "/admin/rules/{name:str}",
    request_max_body_size=None,
    summary="Make or replace an editorial rule",
    description="The same again changes nothing; another one under this name lifts the rule there "
    "is and makes its own. Lists follow at once where it names a ranking, and within a minute "
    "where it is for all. Scores are never touched. What each kind does: docs/editing.md.",
    operation_id="putEditorialRule",
    operation_class=json_body(RuleIn),
    responses={
        200: ResponseSpec(Rule, description="The rule", generate_examples=False),
        **documented(TooLargeError),
    },
)
async def put_rule(
    request: AnyRequest, services: NamedDependency[Services], name: RuleName
) -> Response[bytes]:
    """Make a rule, or put it in the place of that of the same name."""
    given = await decoded(request, _DECODER, limit=MAX_BODY)
    who = (await caller_of(request)).name
    told = {"rule": name, "kind": given.kind, "ranking": given.ranking}
    async with audited(request, "rules.put", told), services.connected() as connection:
        made = await queries.put_rule(connection, name=name, rule=given, who=who)
    await compute_anew(services.settings, made.ranking)
    return passing(request, made)


@delete(
    "/admin/rules/{name:str}",
    status_code=200,
    summary="Lift an editorial rule",
    description="Lists follow their scores again, at once or within a minute. The rule stays in "
    "the record.",
    operation_id="liftEditorialRule",
    responses={
        200: ResponseSpec(Rule, description="The rule, lifted", generate_examples=False),
        **documented(UnknownRuleError),
    },
)
async def lift(
    request: AnyRequest, services: NamedDependency[Services], name: RuleName
) -> Response[bytes]:
    """End the rule of a name."""
    who = (await caller_of(request)).name
    async with audited(request, "rules.lift", {"rule": name}):
        async with services.connected() as connection:
            await queries.lift_rule(connection, name=name, who=who)
            found = await queries.rule_named(connection, name=name)
        if found is None:
            raise UnknownRuleError(f"no rule is called {name!r}")
    await compute_anew(services.settings, found.ranking)
    return passing(request, found)


router = Router(
    "/",
    route_handlers=[list_rules, read, put_rule, lift],
    guards=[require("admin")],
    security=[{"adminKey": []}],
    tags=["Admin"],
)
