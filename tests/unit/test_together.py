"""Cases of one test are all tried, and each that fails is named."""

from __future__ import annotations

import pytest

from tests.together import together

tried: list[tuple[int, int]] = []


@pytest.fixture
def two() -> int:
    return 2


@pytest.mark.usefixtures("two")
@together("tens", [10, 20])
@together(("ones", "more"), [(1, 2), (2, 3)])
async def test_tables_multiply_and_fixtures_are_given(
    tens: int, two: int, ones: int, more: int
) -> None:
    tried.append((tens, ones))
    assert more == ones + 1
    assert two == 2


def test_every_case_has_been_tried() -> None:
    tried.clear()
    test_each(two=2)
    assert tried == [(0, 1), (0, 2), (0, 3)]


@together("n", [1, 2, 3])
def test_each(n: int, two: int) -> None:
    tried.append((0, n))
    assert two == 2


def test_all_that_break_the_rule_are_named() -> None:
    @together("word", ["good", "bad", "worse"])
    def rule(word: str) -> None:
        with pytest.raises(ValueError, match="x"):
            int("x" if word != "bad" else "1")
        assert word != "worse"

    with pytest.raises(AssertionError) as told:
        rule()
    first, *cases = str(told.value).splitlines()
    assert first == "2 broken"
    assert "'bad': DID NOT RAISE" in cases[0]
    assert any(line.startswith("'worse': ") for line in cases)


def test_an_error_says_with_which_case() -> None:
    @together("number", [1, 0])
    def rule(number: int) -> None:
        assert 1 // number

    with pytest.raises(ZeroDivisionError) as told:
        rule()
    assert told.value.__notes__ == ["with 0"]


def test_a_rule_about_nothing_is_refused() -> None:
    with pytest.raises(AssertionError, match="about nothing"):
        together("n", [])
