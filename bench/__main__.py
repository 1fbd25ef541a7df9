"""Runs benchmarks and keeps their rows: `python -m bench [insert,read | insert read]`.

BENCH_DATABASE_URL names a database that may be filled with rubbish; without it, every benchmark
gets an embedded TimescaleDB of its own. A module takes part by having `async def run(database_url)`
that returns rows of bench, case, ratio, aim, better, rounds, spread (least and greatest ratio) and
measured.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from rich.console import Console
from rich.table import Table

from app.embedded import embedded_timescaledb
from app.migrate.migrate import migrate
from app.runtime.logs import configure_logs
from app.settings import Settings

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
PAGE = FOLDER.parent / "docs" / "benchmarks.md"
URL_VARIABLE = "BENCH_DATABASE_URL"

Row = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Run the benchmarks named, or all; a missed aim is told, and is no failure."""
    known = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    names = [name for given in arguments for name in given.split(",") if name] or known
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}: there are {', '.join(known)}", file=sys.stderr)
        return 2
    configure_logs(Settings(log_level="warning"))
    for name in names:
        print(f"{name} …", flush=True)
        rows = asyncio.run(run_one(name))
        merge(RESULTS, rows)
        write_page(PAGE, RESULTS)
        Console().print(table_of(rows))
    return 0


async def run_one(name: str) -> list[Row]:
    """Run one benchmark and return its rows with engine and commit added."""
    run: Callable[[str], Awaitable[list[Row]]] = importlib.import_module(f"bench.{name}").run
    async with _engine() as (kind, url):
        await migrate(url)
        engine = f"{kind}, {await _versions(url)}"
        rows = await run(url)
    return [{**row, "engine": engine, "commit": _commit()} for row in rows]


@asynccontextmanager
async def _engine() -> AsyncIterator[tuple[str, str]]:
    """Yield what kind of engine is used, and its URL."""
    if url := os.environ.get(URL_VARIABLE):
        yield "server", url
        return
    with tempfile.TemporaryDirectory() as folder:
        async with embedded_timescaledb(Path(folder)) as server:
            yield "embedded", server.url


async def _versions(url: str) -> str:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(
            "select split_part(current_setting('server_version'), ' ', 1) as postgres, extversion"
            " from pg_catalog.pg_extension where extname = 'timescaledb'",
            prepare=False,
        )
        postgres, timescaledb = await cursor.fetchone() or ("?", "?")
    return f"PostgreSQL {postgres}, TimescaleDB {timescaledb}"


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    dirty = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!results.json")
    return git("rev-parse", "--short", "HEAD") + ("+" if dirty else "")


def merge(file: Path, rows: Iterable[Row]) -> None:
    """Put `rows` into `file`, in place of what the same benchmarks gave on the same engine."""
    new = list(rows)
    replaced = {(row["bench"], row["engine"]) for row in new}
    old = msgspec.json.decode(file.read_bytes(), type=list[Row]) if file.exists() else []
    kept = [row for row in old if (row["bench"], row["engine"]) not in replaced]
    merged = sorted(kept + new, key=lambda row: (row["bench"], row["case"], row["engine"]))
    file.write_bytes(msgspec.json.format(msgspec.json.encode(merged), indent=2) + b"\n")


def write_page(page: Path, results: Path) -> None:
    """Put the rows of `results` into the page, in place of its table."""
    rows = msgspec.json.decode(results.read_bytes(), type=list[Row])
    text, table, _ = page.read_text().partition("\n| bench |")
    assert table, f"{page} has no table"
    page.write_text(f"{text}\n{markdown_of(rows)}")


def markdown_of(rows: Iterable[Row]) -> str:
    """Return the table for the page that tells what was measured."""
    lines = ["| bench | case | ratio | least, greatest | aim | | engine |", "|---" * 7 + "|"]
    for row in rows:
        ratio, least, greatest = (f"{value:.3g}" for value in (row["ratio"], *row["spread"]))
        aim = f"{'≥' if row['better'] == 'higher' else '≤'} {row['aim']:g}"
        met = "met" if meets(row) else "**missed**"
        engine = row["engine"].split(",")[0]
        cells = [row["bench"], row["case"], ratio, f"{least}, {greatest}", aim, met, engine]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def table_of(rows: Iterable[Row]) -> Table:
    """Return a table for people: the ratio, the aim, and whether it is met."""
    table = Table("bench", "case", "ratio", "aim", "", "measured")
    for row in rows:
        met = meets(row)
        sign = "≥" if row["better"] == "higher" else "≤"
        measured = ", ".join(f"{name} {_short(value)}" for name, value in row["measured"].items())
        table.add_row(
            row["bench"],
            row["case"],
            f"{row['ratio']:.3g}  ({' to '.join(f'{end:.3g}' for end in row['spread'])})",
            f"{sign} {row['aim']:g}",
            "[green]met[/]" if met else "[red]missed[/]",
            measured,
        )
    return table


def meets(row: Row) -> bool:
    """Return whether a row's ratio reaches its aim."""
    ratio, aim = float(row["ratio"]), float(row["aim"])
    return ratio >= aim if row["better"] == "higher" else ratio <= aim


def _short(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
