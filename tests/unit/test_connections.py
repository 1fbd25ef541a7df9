"""How connections to the database are borrowed, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LENDING = {"connection", "borrowed", "connected"}
UNBOUND = {
    "app/runtime/pool.py",
    # A batch takes as long as it takes: giving one up would only begin it again.
    "app/ingest/persist.py",
    # Holds a lock of its session over many queries, each of which has a limit.
    "app/likes/reconciler.py",
}
"""What may use the pool without `borrowed` or `connected`."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        if "node_modules" not in path.parts:
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def called(node: ast.AST) -> str:
    """Return the name of the function that a call calls."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def lendings(node: ast.AST, *, limited: bool = False) -> Iterator[int]:
    """Yield the lines in which something is lent inside of a limit in time."""
    if isinstance(node, ast.AsyncWith):
        for item in node.items:
            name = called(item.context_expr)
            if limited and name in LENDING:
                yield node.lineno
            limited = limited or name in {"timeout", "timeout_at"}
    # What is defined in it is called elsewhere.
    limited = limited and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    for child in ast.iter_child_nodes(node):
        yield from lendings(child, limited=limited)


def test_no_limit_stands_around_a_lending() -> None:
    """It would cut off the putting back, too; inside of the lending it cannot."""
    assert [(name, line) for name, tree in sources() for line in lendings(tree)] == []
    wrong = (
        "async def f():\n async with asyncio.timeout(1):\n  async with p.connection() as c: pass"
    )
    assert list(lendings(ast.parse(wrong))) == [3]
    wrong = "async def f():\n async with asyncio.timeout(1), borrowed(p, within=1) as c: pass"
    assert list(lendings(ast.parse(wrong))) == [2]


def test_connections_are_borrowed_in_one_way() -> None:
    found = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and called(node) == "connection"
        and "pool" in ast.unparse(node.func)
    }
    assert found == UNBOUND
