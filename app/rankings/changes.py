"""What can be tuned of a ranking, and changing it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

import msgspec
from psycopg import errors

from app.errors import BadRequestError, UnknownRankingError
from app.http.answers import etag_of, names_tag
from app.rankings.errors import ChangedMeanwhileError
from app.rankings.wire import RankingChanges, RankingSettings, Weights
from app.runtime.pool import message_of
from app.runtime.sql import Connection, Query

MAX_SECONDS = 1e10
"""Of half-lives, which the database holds to ten years."""

Options: TypeAlias = dict[str, float | str | list[str]]


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
    options: Options
    content_type: str | None
    size: int
    options_in_force: Options
    weights_in_force: list[float] | None


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    held: dict[str, Any]


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a ranking, before and after a change of it."""

    before: RankingSettings
    after: RankingSettings

    def difference(self) -> dict[str, object]:
        """Return what held before of what is otherwise now, for the audit trail."""
        was, now = (msgspec.to_builtins(each) for each in (self.before, self.after))
        return {"before": {key: was[key] for key in was if was[key] != now[key]}}


_RANKING_SETTINGS = Query("ranking_settings", _Settings)
_CHANGE_RANKING = Query("change_ranking", _Held)


async def ranking_settings(connection: Connection, *, name: str) -> RankingSettings:
    """Return what can be tuned of a ranking; raises `UnknownRankingError`."""
    found = await _RANKING_SETTINGS.first(connection, name=name)
    if found is None:
        raise unknown(name)
    return _settings(found)


def _settings(found: _Settings) -> RankingSettings:
    fields = msgspec.structs.asdict(found)
    # As 1.0 whether it comes as 1 or not: what is told has a tag, by which it is found again.
    for options in ("options", "options_in_force"):
        fields[options] = msgspec.convert(fields[options], Options)
    weights = fields.pop("weights_in_force")
    return RankingSettings(**fields, weights_in_force=Weights(*weights) if weights else None)


async def change_ranking(
    connection: Connection, *, name: str, changes: RankingChanges, if_match: str = ""
) -> Changed:
    """Change what `changes` names; what is after holds from the next run on.

    In one transaction, so that nobody else's change stands between before and after. `if_match`
    lists tags of the settings that it may be of; empty is any.

    Raises `UnknownRankingError`, `BadRequestError` for what a ranking cannot be, and
    `ChangedMeanwhileError`.
    """
    given = msgspec.json.encode(columns(changes))
    try:
        async with connection.transaction():
            held = await _CHANGE_RANKING.first(connection, ranking=name, changes=given.decode())
            before = _before(held)
            if if_match and not names_tag(if_match.encode(), settings_tag(before).encode()):
                raise ChangedMeanwhileError(
                    f"{name} is no longer what it was under {if_match[:100]}; nothing is changed"
                )
            after = await ranking_settings(connection, name=name)
    except errors.NoDataFound as error:
        raise unknown(name) from error
    except (errors.CheckViolation, errors.ForeignKeyViolation) as error:
        raise BadRequestError(message_of(error)) from error
    return Changed(before=before, after=after)


def settings_tag(settings: RankingSettings) -> str:
    """Return the ETag of settings."""
    return etag_of(msgspec.json.encode(settings))


def _before(held: _Held | None) -> RankingSettings:
    assert held is not None  # noqa: S101  # a call has one row
    fields = held.held
    for field in ("half_life", "recent_half_life"):
        fields[field] = fields.pop(f"{field}_seconds")
    return _settings(msgspec.convert(fields, _Settings))


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
