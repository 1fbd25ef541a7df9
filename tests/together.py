"""Cases of one rule as one test, which names all cases that break it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

Rule = Callable[..., Any]


def together(
    names: str | tuple[str, ...], cases: Sequence[Any], *, ids: Callable[[Any], str] = repr
) -> Callable[[Rule], Rule]:
    """Do as `pytest.mark.parametrize`, but set up once: for cases that leave everything as it was.

    A test a case would cost more than the rule: what it needs is emptied and opened for each, and
    its report goes to another process.
    """
    assert cases, "a rule about nothing holds always"

    def given(case: Any) -> dict[str, Any]:
        return {names: case} if isinstance(names, str) else dict(zip(names, case, strict=True))

    def decorate(rule: Rule) -> Rule:
        def test(**fixtures: Any) -> None:
            with _broken() as case_of:
                for case in cases:
                    with case_of(ids(case)):
                        rule(**given(case), **fixtures)

        async def asynchronous(**fixtures: Any) -> None:
            with _broken() as case_of:
                for case in cases:
                    with case_of(ids(case)):
                        await rule(**given(case), **fixtures)

        made = asynchronous if inspect.iscoroutinefunction(rule) else test
        signature = inspect.signature(rule)
        taken = given(cases[0])
        others = [one for name, one in signature.parameters.items() if name not in taken]
        vars(made).update(vars(rule), __signature__=signature.replace(parameters=others))
        for name in ("__name__", "__qualname__", "__doc__", "__module__"):
            setattr(made, name, getattr(rule, name))
        return made

    return decorate


@contextmanager
def _broken() -> Iterator[Callable[[str], AbstractContextManager[None]]]:
    told: list[str] = []

    @contextmanager
    def one(case: str) -> Iterator[None]:
        try:
            yield
        except (AssertionError, pytest.fail.Exception) as error:
            told.append(f"{case}: {error}")
        except Exception as error:
            error.add_note(f"with {case}")
            raise

    yield one
    assert not told, "\n".join([f"{len(told)} broken", *told])
