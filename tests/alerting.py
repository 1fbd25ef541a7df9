"""Alert subscriptions made straight in the database, and what was raised for them."""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from tests.sql.world import AS_OF, World

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Raised(NamedTuple):
    """One row of core.alert, with the item or subject it is about."""

    subscription: int
    type: str
    key: int | str
    rank: int | None
    previous_rank: int | None
    total: int | None


async def subscribe(world: World, condition: dict[str, Any], **given: Any) -> int:
    """Make a subscription, of the admin key of the settings unless `owner` names a key."""
    owner = given.pop("owner", None)
    return int(
        await world.value(
            "select api.create_alert(%s, %s, %s, %s)",
            owner, Jsonb({"condition": condition, **given}), SECRET, AS_OF,
        )
    )  # fmt: skip


def enters_top(n: int) -> dict[str, Any]:
    return {"type": "entersTop", "n": n}


def breaks_out(score: float) -> dict[str, Any]:
    return {"type": "breaksOut", "score": score}


def passes_count(count: int, metric: str = "views") -> dict[str, Any]:
    return {"type": "passesCount", "metric": metric, "count": count}


async def raised(world: World) -> list[Raised]:
    """Return every alert, in the order of their ids."""
    return [
        Raised(*row)
        for row in await world.rows(
            """
            select
                subscription_id, alert_type, to_jsonb(coalesce(item_id::text, subject)),
                rank, previous_rank, count
            from core.alert order by alert_id
            """
        )
    ]
