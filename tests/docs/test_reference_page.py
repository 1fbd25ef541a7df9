"""docs/reference.md names every setting, metric and command, README the commands."""

from __future__ import annotations

import re

from app.cli.main import cli
from app.settings import Settings, variable_of
from tests.docs.reference_page import PAGE, ROOT, made_page


def test_the_page_is_current() -> None:
    renew = "make it anew: python -m tests.docs.reference_page"
    assert PAGE.read_text() == made_page(), renew


def test_nothing_is_missing() -> None:
    page = PAGE.read_text()
    for field in Settings.__struct_fields__:
        assert f"- `{variable_of(field)}`" in page
    named = set(re.findall(r'"(groundswell_[a-z_]+)"', _sources()))
    # Not metrics: roles of the database, and the consumer group.
    listed = set(re.findall(r"^- `(groundswell_\w+?)(?:_total)?`", page, re.MULTILINE))
    assert listed <= named
    assert {name for name in named if re.search(r"_(seconds|total|bytes|failed)$", name)} <= listed


def test_the_readme_has_every_command() -> None:
    table = (ROOT / "README.md").read_text().partition("| command | does |")[2].partition("\n\n")[0]
    listed = re.findall(r"^\| `([\w-]+)", table, re.MULTILINE)
    assert sorted(listed) == sorted(cli.commands)


def _sources() -> str:
    return "\n".join(file.read_text() for file in sorted((ROOT / "app").rglob("*.py")))
