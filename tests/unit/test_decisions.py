"""docs/decisions/README.md lists what lies beside it."""

from __future__ import annotations

from pathlib import Path

DECISIONS = Path(__file__).parents[2] / "docs" / "decisions"


def test_the_index_has_a_line_for_every_decision_and_no_other() -> None:
    lines = []
    for file in sorted(DECISIONS.glob("0*.md")):
        number, _, title = file.read_text().splitlines()[0].removeprefix("# ").partition(". ")
        assert file.name.startswith(f"{number:0>4}-"), file.name
        lines.append(f"- [{number:0>4} {title}]({file.name})")
    index = (DECISIONS / "README.md").read_text().splitlines()
    assert [line for line in index if line.startswith("- ")] == lines
