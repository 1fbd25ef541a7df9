"""Grafana's dashboards as it would ask them: its macros and variables, by its documented rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).parents[2] / "observability" / "grafana"
FILES = sorted((FOLDER / "dashboards").glob("*.json"))
SQL_UID, PROMETHEUS_UID = "groundswell-sql", "groundswell-prometheus"
RELATIVE = {"now-6h": timedelta(hours=6), "now-7d": timedelta(days=7)}
_CALL = re.compile(r"\$(__\w+)\(([^)]*)\)")
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """The stretch of time that is chosen, and how wide a point of a chart is then."""

    since: datetime
    until: datetime
    interval: str = "10m"

    @classmethod
    def last(cls, length: timedelta) -> Range:
        now = datetime.now(UTC)
        return cls(since=now - length, until=now)


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A panel's question."""

    dashboard: str
    title: str
    format: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.dashboard}: {self.title}"


def load(path: Path) -> dict[str, Any]:
    """Read a dashboard."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def panels(uid: str) -> list[Panel]:
    """Return the questions to a data source, of all dashboards."""
    return [
        Panel(
            dashboard=path.stem,
            title=panel["title"],
            format=target.get("format", ""),
            text=target["rawSql" if uid == SQL_UID else "expr"],
        )
        for path in FILES
        for panel in load(path)["panels"]
        for target in panel["targets"]
        if target["datasource"]["uid"] == uid
    ]


def queried_variables() -> Iterator[tuple[str, str, str]]:
    """Return dashboard, name and query of every variable that is asked of the database."""
    for path in FILES:
        for variable in load(path)["templating"]["list"]:
            if variable["type"] == "query":
                yield path.stem, variable["name"], variable["query"]


def expand(text: str, range_: Range, values: dict[str, list[str]]) -> str:
    """Return the SQL that Grafana sends: first the variables, in the browser, then the macros."""
    text = text.replace("$__interval", range_.interval)
    text = _VARIABLE.sub(lambda found: _value(found, values), text)
    text = _CALL.sub(lambda found: _macro(found, range_), text)
    assert "$__" not in text, text
    return text


def _value(found: re.Match[str], values: dict[str, list[str]]) -> str:
    name = found[1] or found[3]
    if name.startswith("__"):
        return found[0]
    chosen = values[name]
    if found[2] == "sqlstring":
        return ",".join("'" + value.replace("'", "''") + "'" for value in chosen)
    assert found[2] is None, found[0]
    [only] = chosen
    return only


def _macro(found: re.Match[str], range_: Range) -> str:
    arguments = [part.strip() for part in found[2].split(",")]
    since, until = (at.isoformat().replace("+00:00", "Z") for at in (range_.since, range_.until))
    match found[1], arguments:
        case "__timeFilter", [column]:
            return f"{column} BETWEEN '{since}' AND '{until}'"
        case (("__timeGroup" | "__timeGroupAlias"), [column, width, *_]):
            number, unit = re.fullmatch(r"'?(\d+)([smhd])'?", width).groups()  # type: ignore[union-attr]
            seconds = int(number) * {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[unit]
            alias = ' AS "time"' if found[1].endswith("Alias") else ""
            return f"time_bucket('{seconds:.3f}s',{column}){alias}"
        case _:
            raise AssertionError(f"a macro that this does not know: {found[0]}")
