"""What can be tuned of a ranking, and changing it."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from psycopg import errors

from app.errors import BadRequestError, UnknownRankingError
from app.rankings.wire import RankingChanges, RankingSettings, Weights
from app.runtime.pool import message_of
from app.runtime.sql import Command, Connection, Query

MAX_SECONDS = 1e10
"""Of half-lives, which the database holds to ten years."""


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A row of api.ranking_settings."""

    name: str
    formula: str
    window: str
    half_life: float | None
    recent_half_life: float | None
    view_weight: float | None
    like_weight: float | None
    comment_weight: float | None
    share_weight: float | None
    watch_minute_weight: float | None
    options: dict[str, float | str]
    content_type: str | None
    size: int
    options_in_force: dict[str, float | str]
    weights_in_force: list[float] | None


_RANKING_SETTINGS = Query("ranking_settings", _Settings)
_CHANGE_RANKING = Command("change_ranking")


async def ranking_settings(connection: Connection, *, name: str) -> RankingSettings:
    """Return what can be tuned of a ranking; raises `UnknownRankingError`."""
    found = await _RANKING_SETTINGS.first(connection, name=name)
    if found is None:
        raise unknown(name)
    fields = msgspec.structs.asdict(found)
    weights = fields.pop("weights_in_force")
    return RankingSettings(**fields, weights_in_force=Weights(*weights) if weights else None)


async def change_ranking(
    connection: Connection, *, name: str, changes: RankingChanges
) -> RankingSettings:
    """Change what `changes` names, and return what holds from the next run on.

    Raises `UnknownRankingError`, and `BadRequestError` for what a ranking cannot be.
    """
    given = msgspec.json.encode(columns(changes))
    try:
        await _CHANGE_RANKING.run(connection, ranking=name, changes=given.decode())
    except errors.NoDataFound as error:
        raise unknown(name) from error
    except (errors.CheckViolation, errors.ForeignKeyViolation) as error:
        raise BadRequestError(message_of(error)) from error
    return await ranking_settings(connection, name=name)


def unknown(name: str) -> UnknownRankingError:
    """Return the error of a name that no ranking has."""
    return UnknownRankingError(f"no ranking is called {name!r}; see /analytics/rankings")


def columns(changes: RankingChanges) -> dict[str, object]:
    """Return the changes by columns of core.ranking; raises `BadRequestError`."""
    given = {
        field: value
        for field in changes.__struct_fields__
        if (value := getattr(changes, field)) is not msgspec.UNSET
    }
    for field in ("half_life", "recent_half_life"):
        length = given.get(field)
        if length is None:
            continue
        seconds = length.total_seconds() if isinstance(length, timedelta) else length
        if abs(seconds) > MAX_SECONDS:
            raise BadRequestError(f"{encoded_name(field)}: use 1 minute to 10 years")
        given[field] = f"{seconds:f} seconds"
    return given


def encoded_name(field: str) -> str:
    """Return what a field of `RankingChanges` is called in JSON."""
    place = RankingChanges.__struct_fields__.index(field)
    return RankingChanges.__struct_encode_fields__[place]
