"""Links of the docs lead somewhere: relative paths exist, and have the heading that is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "clients").glob("*/README.md"),
        *(ROOT / "data").glob("*.md"),
    ]
)
FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
NAMED = re.compile(r"`((?:docs|app|db|tests|bench|observability|clients|data)/[\w./-]+\w)/?`")
"""Files and folders that a page names without a link."""


def anchors(page: Path) -> set[str]:
    """Return what headings of a page are called in links, as GitHub makes it of them."""
    found: set[str] = set()
    text = FENCED.sub("", page.read_text())
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        taken = [slug, *(f"{slug}-{n}" for n in range(1, 100))]
        found.add(next(each for each in taken if each not in found))
    return found


def dead(page: Path) -> Iterator[str]:
    """Return the links of a page that lead nowhere."""
    for target in LINK.findall(FENCED.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue  # another site's: nobody can tell from here
        path, _, anchor = target.partition("#")
        file = (page.parent / unquote(path)).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_no_link_is_dead(page: Path) -> None:
    assert list(dead(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_what_is_named_is_there(page: Path) -> None:
    # A decision tells of its day: what it names may have gone since.
    if page.parent.name == "decisions":
        return
    named = NAMED.findall(FENCED.sub("", page.read_text()))
    assert [name for name in named if not list(ROOT.glob(name.replace("…", "*")))] == []


def test_dead_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# A `heading`, twice\n\n# A `heading`, twice\n")
    page.write_text(
        "# Here\n[a](other.md#a-heading-twice) [b](other.md#a-heading-twice-1) [c](#here)\n"
        "[d](other.md#a-heading-twice-2) [e](gone.md) ![f](gone.png) [g](#there) [h](https://x.y)\n"
        "```\n[i](gone.md)\n```\n"
    )
    assert list(dead(page)) == ["other.md#a-heading-twice-2", "gone.md", "gone.png", "#there"]


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, at = [ROOT / "README.md"], 0
    while at < len(reached):
        page = reached[at]
        at += 1
        for target in LINK.findall(FENCED.sub("", page.read_text())):
            file = (page.parent / target.partition("#")[0]).resolve()
            if file.suffix == ".md" and file.exists() and file not in reached:
                reached.append(file)
    assert [page for page in PAGES if page not in reached and page.parent.name == "docs"] == []
