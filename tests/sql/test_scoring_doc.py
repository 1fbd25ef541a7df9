"""What docs/scoring.md shows works, in the order in which it is shown."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from app.settings import Settings
from tests.sql.oracle import DEFAULT_OPTIONS, DEFAULT_WEIGHTS
from tests.sql.world import AS_OF, World

DOC = Path(__file__).parents[2] / "docs" / "scoring.md"


async def test_its_statements_do_what_it_says(world: World) -> None:
    """Each is run, and the scoring job after it; where it changes a ranking, that is live then."""
    a, b = [await world.item(name, content_type="movie", creator="x") for name in "ab"]
    for item in (a, b):
        for type_ in ("view", "like", "share"):
            await world.happened(item, type_, item, ago=timedelta(hours=1))
    await world.run()
    statements = re.findall(r"```sql\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    assert len(statements) >= 9

    for minute, statement in enumerate(statements, start=1):
        before = await world.value("select max(run_id) from core.ranking_run")
        await world.execute(statement)
        await world.run(AS_OF + timedelta(minutes=minute))
        after = await world.value("select max(run_id) from core.ranking_run")
        is_change = re.match(r"(insert into|update) core\.ranking\b", statement) is not None
        is_stop = "enabled = false" in statement
        assert (after > before) == (is_change and not is_stop), statement


async def test_its_message_is_the_one_that_comes(undone: World) -> None:
    message = re.search(r"^ERROR:  (.*)$", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    assert message is not None

    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        await undone.execute(
            "insert into core.ranking (name, half_life) values ('movies_weekend', '-1 hour')"
        )

    assert refused.value.diag.message_primary == message[1]


async def test_its_defaults_are_those_in_force(world: World) -> None:
    text = DOC.read_text(encoding="utf-8")
    options = dict(await world.rows("select name, default_options from core.formula"))
    assert options == DEFAULT_OPTIONS
    for formula in options:
        assert f"### {formula}\n" in text
    weights = await world.rows("select metric, weight from core.default_weight")
    names = ("view", "like", "comment", "share", "watch_minute")
    assert dict(weights) == dict(zip(names, DEFAULT_WEIGHTS, strict=True))
    for metric, weight in weights:
        assert hasattr(Settings, f"weight_{metric}")
        assert f"| {metric} | {weight:g} | `GROUNDSWELL_WEIGHT_{metric.upper()}` |" in text


async def test_its_hours_are_right(world: World) -> None:
    """Ten times the points is h·log2(10); five times, h·log2(5)."""
    rows = await world.rows(
        "select name, half_life from core.ranking where formula = 'weighted_decay'"
    )
    text = DOC.read_text(encoding="utf-8")
    for name, half_life in rows:
        (line,) = re.findall(rf"^\| `{name}` \|.*$", text, re.MULTILINE)
        _, _, _, doubled, tenfold, fivefold, _ = (cell.strip() for cell in line.split("|"))
        if half_life is None:
            assert doubled == "never fades"
            continue
        for cell, factor in ((doubled, 2), (tenfold, 10), (fivefold, 5)):
            number, unit = cell.split()[:2]
            shown = timedelta(**{unit: float(number)})
            assert abs(shown / half_life - math.log2(factor)) < 0.03, line
