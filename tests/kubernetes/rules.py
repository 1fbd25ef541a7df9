"""Makes the alarms for the Prometheus operator of those that compose.yaml's Prometheus reads.

`python -m tests.kubernetes.rules` writes them; a test says whether they are current.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
ALARMS = ROOT / "observability" / "prometheus" / "alerts.yml"
RULES = ROOT / "deploy" / "kubernetes" / "components" / "monitoring" / "rules.yaml"
HEAD = """\
# Made of observability/prometheus/alerts.yml by `python -m tests.kubernetes.rules`.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: groundswell
spec:
"""


def made_rules() -> str:
    """Return the text of the file."""
    lines = ALARMS.read_text().splitlines()
    begin = lines.index("groups:")
    return HEAD + "".join(f"  {line}\n" if line else "\n" for line in lines[begin:])


if __name__ == "__main__":
    RULES.write_text(made_rules())
