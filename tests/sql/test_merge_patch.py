"""Merging attributes: SQL against RFC 7396 in plain Python."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.profiles import examples
from tests.sql.world import World

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "null", "[]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=12,
)
OBJECT = st.dictionaries(st.sampled_from("abc"), JSON)


def merged(target: Any, patch: Any) -> Any:
    """Be MergePatch of RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


async def in_sql(undone: World, target: Any, patch: Any) -> Any:
    given = {"attributes": patch}
    return await undone.value("select api.merged_attributes(%s, %s)", Jsonb(target), Jsonb(given))


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
async def test_the_examples_of_the_rfc(undone: World, target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result
    assert await in_sql(undone, target, patch) == result


@examples(100)
@given(target=OBJECT, patch=OBJECT)
async def test_any_patch_is_merged_as_the_rfc_says(undone: World, target: Any, patch: Any) -> None:
    assert await in_sql(undone, target, patch) == merged(target, patch)
