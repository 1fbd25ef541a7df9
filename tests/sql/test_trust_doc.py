"""What docs/trust.md shows works, and its rules are those in force."""

from __future__ import annotations

import re
from pathlib import Path

from tests.sql.world import World

DOC = Path(__file__).parents[2] / "docs" / "trust.md"


async def test_its_statements_run(undone: World) -> None:
    statements = re.findall(r"```sql\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    assert len(statements) >= 5
    for statement in statements:
        await undone.execute(statement)


async def test_it_names_every_rule(undone: World) -> None:
    rules = await undone.rows("select name from core.label_rule")
    rows = re.findall(r"^\| `([a-z_]+)` \| (?:who|whose|an item)", DOC.read_text(), re.MULTILINE)
    assert set(rows) == {name for (name,) in rules}
