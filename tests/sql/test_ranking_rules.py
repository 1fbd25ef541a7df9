"""Nonsense in core.ranking is refused, in words that say what is allowed."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.world import World
from tests.together import together

REFUSED: list[tuple[dict[str, object], str]] = [
    (
        {"formula": "magic"},
        (
            "formula 'magic' is unknown: use one of breakout, gravity, minmax_hot, rating, "
            "reddit_hot, top_count, weighted_decay, wilson"
        ),
    ),
    ({"name": "Top 10"}, "name 'Top 10': use up to 63 lower case letters, digits and underscores"),
    (
        {"window": "2h"},
        "window '2h' is unknown: use one of 1h, 24h, 7d, 30d, all, today, week, month",
    ),
    (
        {"window": "today"},
        "window today: weighted_decay fades from moment to moment; use 1h, 24h, 7d, 30d or all",
    ),
    (
        {"formula": "breakout", "window": "week"},
        "window: breakout compares 1h, 24h or 7d with the next longer window",
    ),
    ({"half_life": "-1 hour"}, "half_life -01:00:00: use 1 minute to 10 years, or null"),
    ({"half_life": "0"}, "use 1 minute to 10 years"),
    ({"half_life": "11 years"}, "use 1 minute to 10 years"),
    (
        {"half_life": "1 hour", "recent_half_life": "1 hour"},
        "recent_half_life 01:00:00: use 1 minute or more, less than half_life, or null",
    ),
    (
        {"formula": "gravity", "half_life": "1 hour"},
        "half_life and recent_half_life belong to weighted_decay, not to gravity",
    ),
    ({"like_weight": -1}, "weights: use 0 to 1000000 points, or null for the default"),
    ({"view_weight": 1e7}, "weights: use 0 to 1000000 points"),
    ({"view_weight": float("nan")}, "weights: use 0 to 1000000 points"),
    ({"view_weight": float("inf")}, "weights: use 0 to 1000000 points"),
    (
        {f"{metric}_weight": 0 for metric in ("view", "like", "comment", "share", "watch_minute")},
        "weights: at least one must be above 0",
    ),
    ({"subject": "user"}, "subject 'user' is unknown: use one of item, category, creator"),
    ({"subject": "creator"}, "subject creator needs formula top_count or breakout"),
    (
        {"subject": "creator", "formula": "top_count", "segments": ["category"]},
        "segments need subject item, not creator",
    ),
    (
        {"segments": ["title"]},
        "segments {title}: use some of category, content_type, creator, language",
    ),
    ({"size": 0}, "size 0: use 1 to 10000"),
    ({"size": 10_001}, "size 10001: use 1 to 10000"),
    ({"segment_size": 1_001}, "segment_size 1001: use 1 to 1000"),
    (
        {"formula": "breakout", "window": "30d"},
        "window: breakout compares 1h, 24h or 7d with the next longer window",
    ),
    ({"redis_ttl": "1 second"}, "redis_ttl 00:00:01: use 1 minute to 90 days"),
    ({"zone": "Middle/Earth"}, "zone 'Middle/Earth' is no IANA time zone, such as Europe/Berlin"),
    ({"zone": "posixrules"}, "zone 'posixrules' is no IANA time zone, such as Europe/Berlin"),
    ({"schedule": "*," * 100 + "* * * * *"}, "schedule: use at most 200 characters"),
    ({"schedule": "hourly"}, "schedule 'hourly': use five cron fields of numbers"),
    ({"schedule": "* * * *"}, "use five cron fields"),
    ({"schedule": "* * * * * *"}, "use five cron fields"),
    ({"schedule": "*/5 * * * MON"}, "use five cron fields"),
    (
        {"schedule": "60 * * * *"},
        "schedule '60 * * * *': use minutes 0-59, hours 0-23, days 1-31, months 1-12, weekdays 0-7",
    ),
    ({"schedule": "* 24 * * *"}, "hours 0-23"),
    ({"schedule": "* * 0 * *"}, "days 1-31"),
    ({"schedule": "* * 1-32 * *"}, "days 1-31"),
    ({"schedule": "* * * 1,13 *"}, "months 1-12"),
    ({"schedule": "* * * * 8"}, "weekdays 0-7"),
    ({"schedule": "99999999999 * * * *"}, "minutes 0-59"),
    ({"schedule": "*/0 * * * *"}, "steps 1-59"),
    ({"schedule": "*/99999999999 * * * *"}, "steps 1-59"),
    ({"schedule": "0 0 30 2 *"}, "schedule '0 0 30 2 *': no month that it names has such a day"),
    ({"schedule": "0 0 31 2-4/2,9,11 *"}, "no month that it names has such a day"),
    ({"schedule": "0 22-5 * * *"}, "a range that ends before it begins never comes"),
    ({"options": [1]}, "options must be an object"),
    ({"options": {"z": 1}}, "option 'z' is not one of weighted_decay's: discount"),
    (
        {"formula": "gravity", "options": {"z": 1}},
        "option 'z' is not one of gravity's: ageExponent, ageOffset, pointsExponent",
    ),
    (
        {"formula": "top_count", "options": {"metric": "smiles"}},
        'option metric "smiles": use one of views, likes, comments, shares, watch_seconds',
    ),
    (
        {"formula": "top_count", "options": {"metric": None}},
        "option metric null: use one of views",
    ),
    ({"formula": "wilson", "options": {"z": "big"}}, "option z: use a number from 0 to 10"),
    ({"formula": "wilson", "options": {"z": -1}}, "option z: use a number from 0 to 10"),
    ({"formula": "minmax_hot", "options": {"hotShare": 5}}, "hotShare: use a number from 0 to 1"),
    (
        {"formula": "reddit_hot", "options": {"seconds": -1}},
        "seconds: use a number from 0 to 1000000",
    ),
    (
        {"formula": "gravity", "options": {"ageExponent": 400}},
        "option ageExponent: use a number from 0 to 10",
    ),
]


@pytest.fixture(autouse=True)
async def _only_its_own(undone: World) -> None:
    """Whatever rankings the tests of other files have left."""
    await undone.only()


@together(("columns", "message"), REFUSED)
async def test_a_row_is_refused(undone: World, columns: dict[str, object], message: str) -> None:
    given = {"name": "r", **columns}
    values = {name: Jsonb(value) if name == "options" else value for name, value in given.items()}
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f"%({name})s" for name in values)

    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        async with undone.connection.transaction():
            await undone.connection.execute(
                f"insert into core.ranking ({names}) values ({places})",  # noqa: S608
                values,
            )

    assert message in str(refused.value)
    assert str(refused.value).startswith(f"ranking {given['name']}: ")
    assert refused.value.diag.constraint_name == "ranking_sensible"


async def test_an_update_is_held_to_the_same_rules(undone: World) -> None:
    await undone.execute("insert into core.ranking (name) values ('r')")
    with pytest.raises(psycopg.errors.CheckViolation, match="use 1 minute to 10 years"):
        await undone.execute("update core.ranking set half_life = '-8 hours' where name = 'r'")


async def test_a_name_is_taken_once(undone: World) -> None:
    await undone.execute("insert into core.ranking (name) values ('r')")
    with pytest.raises(psycopg.errors.UniqueViolation, match="ranking_name_unique"):
        await undone.execute("insert into core.ranking (name) values ('r')")


@pytest.mark.parametrize(
    "schedule",
    [
        "0-59/5 0,12 1-31 1-12 0-7",
        "*/59 */23 */31 */12 */7",
        "5/10 * * * 7",
        "0 0 29 2 *",
        "0 0 30 2 1",
        "0 0 31 */5 *",
        "0 0 30,1 2 *",
    ],
)
async def test_sensible_schedules_are_taken(undone: World, schedule: str) -> None:
    await undone.execute("insert into core.ranking (name, schedule) values ('r', %s)", schedule)


async def test_what_a_new_database_has_makes_sense(undone: World) -> None:
    """Migrating inserts it before the rules are there."""
    await undone.execute("select core.check_ranking(ranking) from core.ranking as ranking")
    await undone.execute("update core.calendar set zone = zone")
