"""docs/benchmarks.md says what bench/results.json says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.__main__ import PAGE, RESULTS, write_page


def test_the_page_has_the_newest_results(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())
    write_page(page, RESULTS)
    assert page.read_text() == PAGE.read_text(), "run: python -m bench, or write_page"


def test_a_page_without_a_table_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here\n")
    with pytest.raises(AssertionError, match="no table"):
        write_page(page, RESULTS)
    assert page.read_text() == "nothing here\n"
