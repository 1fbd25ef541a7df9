"""Members of top lists: from best to last as ZREVRANGE orders equal counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.top.members import item_member, item_of, name_member, name_of

NAMES = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(st.integers(1, 2**63 - 1), unique=True))
def test_the_older_item_comes_first(items: list[int]) -> None:
    members = sorted(map(item_member, items), reverse=True)
    assert [item_of(member) for member in members] == sorted(items)


@given(st.lists(NAMES, unique=True))
def test_the_name_that_sorts_first_comes_first(names: list[str]) -> None:
    members = sorted(map(name_member, names), reverse=True)
    assert [name_of(member) for member in members] == sorted(names)
