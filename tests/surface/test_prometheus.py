"""What dashboards and alarms ask Prometheus is served, and each alarm says what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
import yaml

import app.consumer
import app.worker  # noqa: F401 - both: their metrics are registered then
from tests.surface.grafana import PROMETHEUS_UID, Panel, panels

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "observability" / "prometheus"
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = panels(PROMETHEUS_UID)
NAMES = re.compile(r"\b(groundswell_[a-z_]+)")


async def served(api: httpx.AsyncClient) -> set[str]:
    """Return every name that a sample can have."""
    names = set()
    for name, kind in re.findall(
        r"^# TYPE (\S+) (\S+)$", (await api.get("/metrics")).text, re.MULTILINE
    ):
        names.add(name)
        if kind == "histogram":
            names |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    return names


def asked() -> dict[str, set[str]]:
    """Return the metrics that each panel and rule names."""
    texts = {
        **{panel.name: panel.text for panel in PANELS},
        **{rule["alert"]: rule["expr"] for rule in RULES},
    }
    # A job's label is no metric: up{job="groundswell-api"}.
    return {name: set(NAMES.findall(text)) for name, text in texts.items()}


async def test_every_metric_that_is_asked_for_is_served(
    clean: None,  # noqa: ARG001
    api: httpx.AsyncClient,
) -> None:
    names = await served(api)
    assert "groundswell_ingest_lag_seconds" in names
    assert {name: missing for name, found in asked().items() if (missing := found - names)} == {}


def test_nothing_asks_for_a_renamed_label() -> None:
    """Jobs' metrics have a label `job`: Prometheus keeps it only where it is told to."""
    [api, *_] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    assert api["honor_labels"] is True
    assert "exported_" not in (FOLDER / "alerts.yml").read_text()


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alarm_says_what_to_do_and_is_documented(rule: dict[str, dict[str, str]]) -> None:
    assert set(rule["annotations"]) == {"summary", "action"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert f"`{rule['alert']}`" in (ROOT / "docs" / "operations.md").read_text()


def test_what_is_scraped_is_what_compose_runs() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    targets = {
        target
        for job in config["scrape_configs"]
        for source in job.get("static_configs", [])
        for target in source["targets"]
    } | {
        f"{name}:{source['port']}"
        for job in config["scrape_configs"]
        for source in job.get("dns_sd_configs", [])
        for name in source["names"]
    }
    assert targets == {"api:8000", "api-2:8000", "worker:9100", "consumer:9100"}
    for target in targets:
        name, _, port = target.partition(":")
        environment = services[name]["environment"]
        assert port == "8000" or str(environment["GROUNDSWELL_WORKER_METRICS_PORT"]) == port


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool checks rules: apt install prometheus"
)
@pytest.mark.parametrize("panel", PANELS, ids=[panel.name for panel in PANELS])
def test_prometheus_reads_a_panels_expression(panel: Panel, tmp_path: Path) -> None:
    rules = {
        "groups": [
            {
                "name": "panel",
                "rules": [
                    {"record": "panel", "expr": panel.text.replace("$__rate_interval", "1m")}
                ],
            }
        ]
    }
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(rules))
    done = subprocess.run(
        ["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool checks rules: apt install prometheus"
)
@pytest.mark.parametrize(
    "command", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")]
)
def test_prometheus_finds_that_the_alarms_go_off(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alarm_is_tried_both_ways() -> None:
    """One that goes off, and one that does not where all is well."""
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    tried = [one for test in tests for one in test.get("alert_rule_test", [])]
    samples = [
        sample["labels"]
        for test in tests
        for one in test.get("promql_expr_test", [])
        for sample in one["exp_samples"]
    ]
    fires = {one["alertname"] for one in tried if one["exp_alerts"]}
    fires |= {name for labels in samples for name in re.findall(r'alertname="(\w+)"', labels)}
    silent = {one["alertname"] for one in tried if not one["exp_alerts"]}
    assert fires == silent == {rule["alert"] for rule in RULES}
