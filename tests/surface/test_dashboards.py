"""Every panel of every dashboard answers, with the rights of dashboards, from aggregates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.surface.grafana import (
    FILES,
    FOLDER,
    PROMETHEUS_UID,
    SQL_UID,
    Panel,
    Range,
    expand,
    load,
    panels,
    queried_variables,
)
from tests.surface.reading import rows_read

PANELS = panels(SQL_UID)
NOT_REFRESHED = 20
RAW = {"operations: Events in the last hour, by SQL"}
"""What is about raw events, and reads an hour of them."""
VALUES = {
    "category": ["category 1", "O'Neil's", "category 2"],
    "window": ["24h"],
    "item": ["7"],
    "ranking": ["trending_24h"],
}


def last_day() -> Range:
    """Up to now, and not to when this file was read: the history is made later."""
    return Range.last(timedelta(days=1))


def each(found: list[Panel]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("panel", found, ids=[panel.name for panel in found])


def provisioned(kind: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load(
        (FOLDER / "provisioning" / kind / "groundswell.yml").read_text()
    )
    return found


def test_there_are_three_dashboards() -> None:
    assert [path.stem for path in FILES] == ["item", "operations", "product"]
    for path in FILES:
        dashboard = load(path)
        assert dashboard["uid"] == f"groundswell-{path.stem}"
        assert "id" not in dashboard, "Grafana gives it its own"
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_panel_lies_over_another(path: Path) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in load(path)["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]


def test_every_data_source_that_is_named_is_provisioned() -> None:
    sources = {one["uid"]: one for one in provisioned("datasources")["datasources"]}
    assert sources.keys() == {SQL_UID, PROMETHEUS_UID}
    for path in FILES:
        dashboard = load(path)
        for part in [*dashboard["panels"], *dashboard["templating"]["list"]]:
            if "datasource" in part:
                assert part["datasource"]["type"] == sources[part["datasource"]["uid"]]["type"]
    # Grafana from 12.2 on reads the database's name nowhere else.
    assert sources[SQL_UID]["jsonData"]["database"] == "groundswell"
    assert sources[SQL_UID]["jsonData"]["timescaledb"] is True
    assert sources[SQL_UID]["secureJsonData"] == {"password": "$DASHBOARDS_PASSWORD"}


def test_grafana_finds_the_dashboards_where_compose_puts_them() -> None:
    compose = yaml.safe_load((FOLDER.parents[1] / "compose.yaml").read_text())
    volumes = dict(volume.split(":")[:2] for volume in compose["services"]["grafana"]["volumes"])
    [provider] = provisioned("dashboards")["providers"]
    assert volumes["./observability/grafana/dashboards"] == provider["options"]["path"]
    assert volumes["./observability/grafana/provisioning"] == "/etc/grafana/provisioning"


@each(PANELS)
async def test_a_panel_answers(reader: psycopg.AsyncConnection, panel: Panel) -> None:
    cursor = await reader.execute(expand(panel.text, last_day(), VALUES).encode())
    rows = await cursor.fetchall()
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    assert len(set(names)) == len(names)
    if panel.format == "time_series":
        place = names.index("time")
        assert all(isinstance(row[place], datetime) for row in rows)
        assert rows == sorted(rows, key=lambda row: row[place])
    if panel.name != "operations: Jobs":
        assert rows


@each([panel for panel in PANELS if panel.name not in RAW])
async def test_a_panel_reads_no_raw_events_but_the_newest(
    reader: psycopg.AsyncConnection, panel: Panel
) -> None:
    await reader.execute("set local enable_seqscan = off")
    read = await rows_read(reader, expand(panel.text, last_day(), VALUES))
    assert read.rows.get("event", 0) <= NOT_REFRESHED


@each([panel for panel in PANELS if "$__timeFilter" in panel.text])
async def test_the_chosen_time_is_a_range_on_the_aggregate(
    reader: psycopg.AsyncConnection, panel: Panel
) -> None:
    since = datetime.now(UTC) - timedelta(days=2)
    read = await rows_read(reader, expand(panel.text, last_day(), VALUES))
    assert [chunk for chunk in read.chunks if chunk[1] <= since] == []  # type: ignore[operator]


@pytest.mark.parametrize(("dashboard", "name", "query"), [*queried_variables()])
async def test_a_variable_has_values(
    reader: psycopg.AsyncConnection, dashboard: str, name: str, query: str
) -> None:
    rows = await (await reader.execute(expand(query, last_day(), {}).encode())).fetchall()
    assert rows
    assert name in VALUES, dashboard


@each([panel for panel in PANELS if "$item" in panel.text and "engagement" in panel.text])
async def test_an_item_is_looked_up_by_the_aggregates_index(
    reader: psycopg.AsyncConnection, panel: Panel
) -> None:
    """As `item_id` goes down to them; by its name all items' counts would be read."""
    await reader.execute("set local enable_seqscan = off")
    month = Range.last(timedelta(days=30))
    read = await rows_read(reader, expand(panel.text, month, VALUES))
    assert 0 < read.rows["engagement_15m"] + read.rows["engagement_1d"] < 200


def test_names_with_quotes_are_quoted() -> None:
    text = "category in (${category:sqlstring}) and item_id = $item and $__timeFilter(bucket)"
    assert expand(text, last_day(), VALUES).startswith(
        "category in ('category 1','O''Neil''s','category 2') and item_id = 7 and bucket BETWEEN '"
    )
