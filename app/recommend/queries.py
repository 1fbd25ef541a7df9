"""What is asked about recommendations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from app.runtime.sql import Connection, Query

Source = Literal["coEngagement", "trending", "model"]
"""Where an item's place comes from; `model` never from the database."""


class RecommendedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One item, and the one that is the reason for it; trending has no reason."""

    place: int
    item_id: int
    source: Source
    score: float
    because_id: int | None
    content_id: str
    content_type: str
    title: str | None
    category: str | None
    creator: str | None
    because_content_id: str | None
    because_content_type: str | None
    because_title: str | None


class RecommendationState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an earlier answer still holds."""

    newest_event: UUID | None
    """The user's newest event; None: there is none, or the user is erased."""
    has_gone: bool
    """Whether one of the items is excluded or erased."""


class TasteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One title of what a model is told beside the candidates, in order within its part."""

    part: Literal["viewed", "liked", "trending"]
    title: str


_RECOMMENDATION_TASTE = Query("recommendation_taste", TasteRow)
_RECOMMENDATIONS = Query("recommendations", RecommendedRow)
_RECOMMENDATION_STATE = Query("recommendation_state", RecommendationState)


async def recommendations(  # noqa: PLR0913  # as many as the function has
    connection: Connection,
    *,
    user_id: str | None,
    beside_id: int | None,
    content_type: str | None,
    category: str | None,
    as_of: datetime,
    most: int,
) -> list[RecommendedRow]:
    """Return items for a user, or beside an item, best first; a filter that is None takes any."""
    return await _RECOMMENDATIONS.all(
        connection,
        user_id=user_id,
        beside_id=beside_id,
        content_type=content_type,
        category=category,
        as_of=as_of,
        most=most,
    )


async def recommendation_state(
    connection: Connection, *, user_id: str, item_ids: Sequence[int]
) -> RecommendationState:
    """Return what tells whether an answer to `user_id` that has these items still holds."""
    found = await _RECOMMENDATION_STATE.first(connection, user_id=user_id, item_ids=list(item_ids))
    assert found is not None  # noqa: S101 - a select without from has one row
    return found


async def recommendation_taste(
    connection: Connection,
    *,
    user_id: str,
    content_type: str | None,
    category: str | None,
    as_of: datetime,
) -> list[TasteRow]:
    """Return titles: what a user viewed and likes, newest first, and what is trending."""
    return await _RECOMMENDATION_TASTE.all(
        connection,
        user_id=user_id,
        content_type=content_type,
        category=category,
        as_of=as_of,
    )
