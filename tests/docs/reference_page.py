"""Makes docs/reference.md: every setting, metric and command, as the code has them.

`python -m tests.docs.reference_page` writes it; a test says whether it is current.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

import app.settings
from app.cli.main import cli
from app.settings import Settings, variable_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference.md"
METRICS = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram"}
METRICS["GaugeMetricFamily"] = "gauge"
HEAD = """\
# Reference: settings, metrics, commands

For whoever runs Groundswell. Made of the code by `python -m tests.docs.reference_page`, and
tested to be current. Routes are in [api.md](api.md), tables, views and functions in
[sql.md](sql.md), alarms in [operations.md](operations.md#dashboards-and-alarms).

## Settings

Environment variables, read once at the start; a wrong one is named, and ends the command with
exit code 2.
"""


def made_page() -> str:
    """Return the text of the page."""
    parts = [HEAD, *_settings(), "## Metrics\n", *_metrics(), "## Commands\n", *_commands()]
    return "\n".join(parts) + "\n"


def _settings() -> Iterator[str]:
    (struct,) = (
        node
        for node in ast.parse(inspect.getsource(app.settings)).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
    )
    for field, after in zip(struct.body, struct.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            assert isinstance(after, ast.Expr), field.target.id
            assert isinstance(after.value, ast.Constant), field.target.id
            name = field.target.id
            default = getattr(Settings(), name)
            shown = f"`{_plain(default)}`" if default not in {None, ""} else "none"
            yield _entry(f"`{variable_of(name)}`, {shown}", str(after.value.value))
    yield ""


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) and value < 1e6 else str(value)


def _metrics() -> Iterator[str]:
    """Yield those that any file of the service makes; counters end with `_total` when served."""
    found = {}
    for file in (ROOT / "app").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                continue
            kind = METRICS.get(call.func.id)
            words = [each.value for each in call.args if isinstance(each, ast.Constant)]
            if kind and words and str(words[0]).startswith("groundswell_"):
                name, told = map(str, words[:2])
                name += "_total" if kind == "counter" else ""
                found[name] = _entry(f"`{name}`, {kind}{_labels(call)}", told)
    yield from (found[name] for name in sorted(found))
    yield ""


def _labels(call: ast.Call) -> str:
    lists = [*call.args, *(each.value for each in call.keywords if "label" in (each.arg or ""))]
    names = [
        f"`{name.value}`"
        for each in lists
        if isinstance(each, ast.List | ast.Tuple)
        for name in each.elts
        if isinstance(name, ast.Constant) and isinstance(name.value, str)
    ]
    return f" by {', '.join(names)}" if names else ""


def _commands() -> Iterator[str]:
    yield "Each explains itself with `--help`; what is in brackets may be left out.\n"
    for words, command in _tree(cli, ("groundswell",)):
        context = click.Context(
            command, info_name=" ".join(words), help_option_names=["-h", "--help"]
        )
        usage = " ".join([*words, *command.collect_usage_pieces(context)])
        text = inspect.cleandoc(command.help or "").split("\n\n")[0]
        options = [
            f"`{each.opts[0]}`"
            for each in command.params
            if isinstance(each, click.Option) and each.opts[0] not in {"--json", "--help"}
        ]
        yield _entry(f"`{usage}`", text + (f" {', '.join(options)}." if options else ""))


def _tree(
    group: click.Group, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _tree(command, (*words, name))
        else:
            yield (*words, name), command


def _entry(name: str, text: str) -> str:
    told = " ".join(text.split()).rstrip(".")
    # Where a word in backticks breaks at the end of a line, Markdown shows it all the same.
    return textwrap.fill(
        f"- {name}: {told}.", 120, subsequent_indent="  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(made_page())
