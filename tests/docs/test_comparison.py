"""docs/comparison.md has the figures of docs/benchmarks.md."""

from __future__ import annotations

import re

import pytest

from tests.docs.reference_page import ROOT

PAGE = (ROOT / "docs" / "comparison.md").read_text()
MEASURED = (ROOT / "docs" / "benchmarks.md").read_text()
CASES = {
    "cached, one item against one GET of Redis": 1,
    "trending against raw, constant bytes": 1,
    "trending against litestar, constant bytes": 1,
    "100 events a request, durable / decoded and dropped": 1,
    "writer against copy": 1,
    "writer against unnest": 1,
    "10,000 new of 10,000,000 events, 500,000 items: full rescore / new events": 1,
    "1,000,000 events of 50,000 items: an event of 150 a second, all told, in units of 2 kB": 2,
}
"""What the page tells, with what a figure there is multiplied by."""


@pytest.mark.parametrize("case", CASES)
def test_a_figure_is_the_measured_one(case: str) -> None:
    (ratio,) = re.findall(rf"\| {re.escape(case)} \| ([\d.]+) \|", MEASURED)
    told = [float(number) for number in re.findall(r"\b\d+(?:\.\d+)?\b", PAGE)]
    assert any(abs(each - float(ratio) * CASES[case]) <= 0.05 for each in told), ratio
