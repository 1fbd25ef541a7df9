"""The queries on editorial rules and reviews."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from psycopg import errors

from app.editing.wire import Review, Rule, RuleIn, State
from app.errors import BadRequestError
from app.rankings.pages import stored_segment
from app.runtime.pool import message_of
from app.runtime.sql import Connection, Query

MAX_SECONDS = 1e10
"""Of ages: some 300 years."""
MOST_REVIEWS = 1_000


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    rule_id: int | None


class _Decided(msgspec.Struct, frozen=True, kw_only=True):
    item_id: int | None


class _Waiting(msgspec.Struct, frozen=True, kw_only=True):
    waiting: int


_PUT_RULE = Query("put_rule", _Made)
_LIFT_RULE = Query("lift_rule", _Made)
_EDITORIAL_RULES = Query("editorial_rules", Rule)
_DECIDE_REVIEW = Query("decide_review", _Decided)
_EDITORIAL_REVIEWS = Query("editorial_reviews", Review)
_REVIEWS_WAITING = Query("reviews_waiting", _Waiting)


async def put_rule(connection: Connection, *, name: str, rule: RuleIn, who: str) -> Rule:
    """Make a rule, or put it in the place of that of the same name; return it.

    Raises `BadRequestError`, naming the field, for one that makes no sense.
    """
    try:
        await _PUT_RULE.first(
            connection,
            name=name,
            rule=msgspec.json.encode(_given(rule)).decode(),
            who=who,
            as_of=datetime.now(UTC),
        )
    except errors.CheckViolation as error:
        raise BadRequestError(message_of(error)) from error
    found = await rule_named(connection, name=name)
    assert found is not None  # noqa: S101  # it was just made
    return found


def _given(rule: RuleIn) -> dict[str, object]:
    """Return the rule as the database takes it."""
    given: dict[str, object] = {
        key: value for key, value in msgspec.to_builtins(rule).items() if value is not None
    }
    for field in ("oldest", "youngest"):
        length = getattr(rule, field)
        if length is not None:
            seconds = length.total_seconds() if isinstance(length, timedelta) else length
            if abs(seconds) > MAX_SECONDS:
                raise BadRequestError(f"{field}: use at most {MAX_SECONDS:.0e} seconds")
            given[field] = f"{seconds:f} seconds"
    if rule.segment is not None:
        given["segment"] = stored_segment(rule.segment)
        if given["segment"] is None:
            raise BadRequestError("segment: use category:…, contentType:…, creator:… or language:…")
    return given


async def lift_rule(connection: Connection, *, name: str, who: str) -> bool:
    """End the rule of a name; False where none is in force."""
    found = await _LIFT_RULE.first(connection, name=name, who=who, as_of=datetime.now(UTC))
    return found is not None and found.rule_id is not None


async def editorial_rules(
    connection: Connection, *, ranking: str | None = None, over: bool = False
) -> list[Rule]:
    """Return the rules in force of a ranking or of all; with `over` also those that were."""
    return await _EDITORIAL_RULES.all(
        connection, name=None, ranking=ranking, over=over, as_of=datetime.now(UTC)
    )


async def rule_named(connection: Connection, *, name: str) -> Rule | None:
    """Return the newest rule of a name, also one that is over."""
    return await _EDITORIAL_RULES.first(
        connection, name=name, ranking=None, over=True, as_of=datetime.now(UTC)
    )


async def decide_review(  # noqa: PLR0913  # what is decided, of what, by whom
    connection: Connection,
    *,
    ranking: str,
    content_type: str,
    content_id: str,
    approved: bool,
    reason: str | None,
    who: str,
) -> Review | None:
    """Approve or refuse an item in a ranking; None where one of the two is unknown."""
    await _DECIDE_REVIEW.first(
        connection,
        ranking=ranking,
        content_type=content_type,
        content_id=content_id,
        approved=approved,
        reason=reason,
        who=who,
        as_of=datetime.now(UTC),
    )
    return await _EDITORIAL_REVIEWS.first(
        connection,
        ranking=ranking,
        any_state=True,
        approved=None,
        content_type=content_type,
        content_id=content_id,
        limit=1,
    )


async def editorial_reviews(
    connection: Connection, *, ranking: str, state: State, limit: int = MOST_REVIEWS
) -> list[Review]:
    """Return the items of a ranking that wait, the longest first, or were decided, newest first."""
    return await _EDITORIAL_REVIEWS.all(
        connection,
        ranking=ranking,
        any_state=False,
        approved=None if state == "waiting" else state == "approved",
        content_type=None,
        content_id=None,
        limit=limit,
    )


async def reviews_waiting(connection: Connection, *, ranking: str) -> int:
    """Return how many items of a ranking wait for review."""
    (found,) = await _REVIEWS_WAITING.all(connection, ranking=ranking)
    return found.waiting
