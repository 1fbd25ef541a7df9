"""Settings that would silence a job or lose counts are refused, in words that say what to do."""

from __future__ import annotations

import psycopg
import pytest

from tests.sql.world import World
from tests.together import together

POLICY = "update core.storage_policy set {} where level {}"
REFUSED = [
    ("delete from core.storage_policy where level = 'engagement_1d'", "set keep_for to null"),
    ("truncate core.storage_policy", "set keep_for to null"),
    ("delete from core.default_weight", "set weight to 0"),
    ("truncate core.default_weight", "set weight to 0"),
    ("update core.default_weight set weight = 0", "at least one must be above 0"),
    ("update core.default_weight set weight = 'nan'", "default_weight_sensible"),
    ("delete from core.calendar", "set zone to UTC"),
    ("truncate core.calendar", "set zone to UTC"),
    ("delete from core.alert_policy", "change its columns"),
    ("delete from core.time_window where name = 'month'", "what rankings can have"),
    ("delete from core.aggregate_level", "what the aggregates are made of"),
    (POLICY.format("keep_for = '1 year'", "= 'engagement_1d'"), "lifetime counts are summed"),
    (
        POLICY.format("keep_for = '34 days'", "= 'engagement_1m'"),
        "level engagement_1m: keep_for 34 days: it is made of event, which is kept for 35 days",
    ),
    (
        POLICY.format("keep_for = '41 days'", "= 'event'"),
        "level event: keep_for 41 days: engagement_1m is made of it and kept for 40 days",
    ),
    (POLICY.format("keep_for = null", "= 'event'"), "keep_for null: engagement_1m is made of it"),
    (POLICY.format("keep_for = '30 days'", "= 'event'"), "storage_policy_event_outlives_windows"),
    (POLICY.format("keep_for = '4 days'", "= 'snapshot'"), "as long as snapshot or longer"),
    (POLICY.format("keep_for = '1 hour'", "= 'snapshot_hourly'"), "as long as snapshot or longer"),
    (POLICY.format("keep_for = null", "= 'snapshot_hourly'"), "as long as snapshot_hourly"),
    (POLICY.format("keep_for = '2 days'", "= 'snapshot_daily'"), "as long as snapshot_hourly"),
    (POLICY.format("refresh_every = null", "= 'engagement_1m'"), "it would never be refreshed"),
    (POLICY.format("refresh_lag = null", "= 'engagement_1m'"), "it would never be refreshed"),
    (POLICY.format("refresh_every = '1 year'", "= 'engagement_1m'"), "use 1 minute to 1 day"),
    (POLICY.format("refresh_late_every = null", "= 'engagement_1m'"), "late events would never"),
    (POLICY.format("refresh_late_every = '5 s'", "= 'engagement_1m'"), "to 7 days"),
    (POLICY.format("refresh_late_every = '8 days'", "= 'engagement_1m'"), "to 7 days"),
    (POLICY.format("refresh_lag = '1 year'", "= 'engagement_1m'"), "use 0 to 1 day"),
    (POLICY.format("level = 'event'", "= 'engagement_1m'"), "storage_policy_pkey"),
]


@together(("statement", "message"), REFUSED)
async def test_what_silences_or_loses_is_refused(
    undone: World, statement: str, message: str
) -> None:
    with pytest.raises(psycopg.IntegrityError, match=message):
        async with undone.connection.transaction():
            await undone.execute(statement)


async def test_several_levels_are_changed_by_one_statement(undone: World) -> None:
    """Each row of it by itself would be refused."""
    await undone.execute(
        "update core.storage_policy set keep_for = '300 days' "
        "where level in ('event', 'engagement_1m')"
    )
    await undone.execute(POLICY.format("keep_for = null", "like 'e%%'").replace("%%", "%"))


async def test_a_content_type_that_nobody_has_is_warned_of(
    clean: None,  # noqa: ARG001
    undone: World,
) -> None:
    told: list[str] = []
    undone.connection.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
    await undone.execute("insert into core.ranking (name, content_type) values ('r', 'vidoe')")
    assert told == ["ranking r: no item has content_type vidoe yet"]
    await undone.execute("update core.ranking set size = 5 where name = 'r'")
    await undone.item("a", content_type="podcast")
    await undone.execute("update core.ranking set content_type = 'podcast' where name = 'r'")
    assert len(told) == 1
