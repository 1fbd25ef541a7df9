"""No two things share a Redis key, whatever callers name them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.likes.keys import like_count
from app.runtime import redis_lock
from app.runtime.redis_keys import named, redis_key
from app.stats import keys as stats_keys

APP = Path(__file__).parents[2] / "app"
NAMES = st.text(st.sampled_from("ab:%{}\\3A "), max_size=5) | st.text(max_size=5)


def key_functions() -> Iterator[Callable[..., str]]:
    for path in sorted(APP.glob("*/keys.py")):
        module = import_module(f"app.{path.parent.name}.keys")
        for _, function in inspect.getmembers(module, inspect.isfunction):
            makes_a_key = inspect.signature(function).return_annotation == "str"
            if makes_a_key and function.__module__ == module.__name__ and path.parent.name != "cli":
                yield function
    yield redis_lock.holder_key


FUNCTIONS = list(key_functions())


def arguments(function: Callable[..., str]) -> st.SearchStrategy[tuple[object, ...]]:
    kinds = {"str": NAMES, "int": st.integers(0, 200)}
    parameters = inspect.signature(function).parameters.values()
    return st.tuples(*(kinds[parameter.annotation] for parameter in parameters))


CALLS = st.sampled_from(FUNCTIONS).flatmap(
    lambda function: st.tuples(st.just(function), arguments(function))
)


def test_every_room_s_keys_are_looked_at() -> None:
    rooms = {f"app.{path.parent.name}.keys" for path in APP.glob("*/keys.py")} - {"app.cli.keys"}
    assert {function.__module__ for function in FUNCTIONS} == {*rooms, redis_lock.__name__}
    assert len(FUNCTIONS) >= 11


@given(CALLS, CALLS)
def test_other_names_make_another_key(
    one: tuple[Callable[..., str], tuple[object, ...]],
    other: tuple[Callable[..., str], tuple[object, ...]],
) -> None:
    keys = {call: call[0](*call[1]) for call in (one, other)}
    assert len(set(keys.values())) == len(keys)


@given(st.lists(NAMES, min_size=1, max_size=3), st.lists(NAMES, min_size=1, max_size=3))
def test_names_are_joined_without_loss(one: list[str], other: list[str]) -> None:
    assert (named(*one) == named(*other)) == (one == other)


@given(NAMES, NAMES)
def test_what_is_used_together_is_on_one_shard(name: str, part: str) -> None:
    key = redis_key(("room", name), part)
    assert key[key.index("{") + 1 : key.index("}")] == named("room", name)


def test_all_keys_of_an_item_s_stats_differ_and_lie_together() -> None:
    keys = stats_keys.item_keys("video:a", "b")
    assert len({*keys, *stats_keys.item_keys("video", "a:b")}) == 2 * len(keys)
    assert keys.served == stats_keys.served_key("video:a", "b")
    assert {key[: key.index("}")] for key in keys} == {keys.served.partition("}")[0]}


@pytest.mark.parametrize("function", [stats_keys.served_key, like_count])
def test_a_colon_in_a_name_is_no_border(function: Callable[..., str]) -> None:
    assert function("video", "abc:def") != function("video:abc", "def")
