"""docs/sql.md: the page about the SQL surface, made of the catalogue and the ready queries."""

from __future__ import annotations

from pathlib import Path

from tests.surface.catalogue import STABLE, Catalogue, Relation, Routine
from tests.surface.ready import EXAMPLES, Ready

PAGE = Path(__file__).parents[2] / "docs" / "sql.md"

TEMPLATE = Path(__file__).with_name("page.md")
"""The prose, with a comment in the place of each part."""

DRAWN = (
    "core.item", "core.event", "core.item_window", "core.item_hot", "core.item_like_count",
    "core.item_exclusion", "core.item_neighbour", "core.ranking", "core.ranking_run",
    "core.ranking_snapshot", "core.ranking_score", "core.ranking_state", "core.alert",
    "core.alert_delivery", "core.job_run", "core.storage_policy", "core.aggregate_level",
)  # fmt: skip


def make_page(catalogue: Catalogue, ready: list[Ready]) -> str:
    """Return the text of the page."""
    routines = [one for one in catalogue.routines if one.comment.endswith(STABLE)]
    parts = {
        "views": [
            _view(one, catalogue) for one in catalogue.relations if one.comment.endswith(STABLE)
        ],
        "functions": [_routine(one) for one in routines if one.may_read],
        "owner": [_routine(one) for one in routines if not one.may_read],
        "ready": [_ready(one) for one in ready],
        "diagram": [_diagram(catalogue)],
        "besides": [_besides(catalogue)],
        "internal": [_internal(catalogue)],
    }
    text = TEMPLATE.read_text()
    for name, lines in parts.items():
        text = text.replace(f"<!-- {name} -->", "\n".join(lines).rstrip("\n") + "\n")
    return text.rstrip("\n") + "\n"


def _view(view: Relation, catalogue: Catalogue) -> str:
    rows = [
        f"| `{one.name}` | {one.type} | {_cell(one.comment)} |"
        for one in catalogue.columns
        if one.relation == view.name
    ]
    return "\n".join(
        [
            f"### {view.name}",
            view.comment.removesuffix(STABLE),
            "",
            "| column | type | |",
            "|---|---|---|",
            *rows,
            "",
            _sql(EXAMPLES[view.name]),
        ]
    )


def _routine(routine: Routine) -> str:
    result = f" → `{routine.result}`" if routine.result and routine.kind == "function" else ""
    return "\n".join(
        [
            f"### {routine.name}",
            f"{routine.comment.removesuffix(STABLE)}",
            "",
            f"{routine.kind.capitalize()} `{routine.name}({routine.arguments})`{result}",
            "",
            _sql(EXAMPLES[routine.name]),
        ]
    )


def _ready(ready: Ready) -> str:
    return f"### {ready.name}\n{ready.title}\n\n{_sql(ready.query + ';')}"


def _sql(text: str) -> str:
    return f"```sql\n{text}\n```\n"


def _diagram(catalogue: Catalogue) -> str:
    lines = ["```mermaid", "erDiagram"]
    for name in DRAWN:
        columns = [one for one in catalogue.columns if one.relation == name]
        lines.append(f"    {_short(name)} {{")
        lines.extend(
            f"        {one.type.replace(' ', '_').replace('[]', '_list').split('.')[-1]} {one.name}"
            for one in columns
        )
        lines.append("    }")
    lines.extend(
        f'    {_short(one.refers)} ||--o{{ {_short(one.relation)} : "{one.name}"'
        for one in catalogue.columns
        if one.relation in DRAWN and one.refers in DRAWN and one.refers != one.relation
    )
    return "\n".join([*lines, "```", ""])


def _besides(catalogue: Catalogue) -> str:
    rows = [
        f"| `{one.name}`{' (some columns)' if one.read == 'some' else ''} | {_cell(one.comment)} |"
        for one in catalogue.relations
        if one.read != "none" and not one.comment.endswith(STABLE)
    ]
    return "\n".join(["| | |", "|---|---|", *rows, ""])


def _internal(catalogue: Catalogue) -> str:
    rows = [
        f"| `{one.name.removeprefix('api.')}` | {'read' if one.may_read else ''} "
        f"| {_cell(one.comment)} |"
        for one in catalogue.routines
        if not one.comment.endswith(STABLE)
    ]
    return "\n".join(["| | | |", "|---|---|---|", *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _short(name: str) -> str:
    return name.partition(".")[2]
