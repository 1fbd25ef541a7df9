"""Imports go downwards only: commands and servers, routes, services, rooms, HTTP, ground floor."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.together import together

APP = Path(__file__).parents[2] / "app"

GROUND = ("app.errors", "app.settings", "app.runtime")
ROOMS = (
    "access", "items", "rankings", "editing", "stats", "series", "ingest", "top", "kafka", "sink",
    "likes", "recommend", "comments", "uploads", "alerts", "audit", "labels", "erasure", "me",
    "health",
    "replay", "export", "imports", "embeds", "planning",
)  # fmt: skip
"""From the lowest to the highest: a room knows only those before it."""
EDGE = (
    "app.access.guard",
    "app.access.cors",
    "app.audit.audited",
    "app.alerts.owned",
    "app.rankings.listing",
    "app.series.parameters",
)
"""What stands on `app.services`, as routes do, and serves several of them."""
TOP = (
    "app.main",
    "app.serve",
    "app.worker",
    "app.consumer",
    "app.publishing",
    "app.cli",
    "app.dev",
    "app.__main__",
)


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(APP.rglob("*.py")):
        if "node_modules" not in path.parts:
            parts = ("app", *path.relative_to(APP).with_suffix("").parts)
            yield ".".join(parts).removesuffix(".__init__"), path


MODULES = dict(modules())


def is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def is_edge(module: str) -> bool:
    name = module.rpartition(".")[2]
    return is_in(module, EDGE) or name.endswith("routes") or is_in(module, ("app.dashboard",))


STOREYS: tuple[tuple[int, Callable[[str], bool]], ...] = (
    (0, lambda module: module == "app" or is_in(module, GROUND)),
    (1, lambda module: is_in(module, ("app.http",))),
    (2, lambda module: is_in(module, ("app.migrate", "app.embedded"))),
    (40, lambda module: module == "app.services"),
    (41, is_edge),
    (42, lambda module: is_in(module, TOP)),
)


def level(module: str) -> int:
    """Return the storey; within one, rooms have an order and all else is free."""
    for storey, holds in STOREYS:
        if holds(module):
            return storey
    room = module.split(".")[1]
    assert room in ROOMS, f"{module} is in no room: add it to tests/unit/test_layers.py"
    return 4 + ROOMS.index(room)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                full = f"{node.module}.{name.name}"
                yield full if full in MODULES else node.module


@together("module", sorted(MODULES))
def test_no_import_points_upwards(module: str) -> None:
    upwards = [
        name for name in imports(MODULES[module]) if name in MODULES and level(name) > level(module)
    ]
    assert not upwards, f"{module} imports from above: {', '.join(sorted(set(upwards)))}"


def test_only_the_http_side_knows_the_framework() -> None:
    """A room's queries and caches can be used, and tested, without a request."""
    allowed = {
        "app.rankings.hot_path", "app.rankings.snapshots",
        "app.access.users", "app.ingest.senders", "app.stats.hot_path",
    }  # fmt: skip
    knowing = {
        module
        for module, path in MODULES.items()
        if 4 <= level(module) < 40 and any(n.startswith("litestar") for n in imports(path))
    }
    assert knowing <= allowed
