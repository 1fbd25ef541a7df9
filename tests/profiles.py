"""How hypothesis searches: the same examples in every run, or, by `make fuzz`, new and more ones.

Without a word a test gets hypothesis's hundred. One whose examples need a database says how many it
is worth, `@examples(15)`: a run of all tests takes a third of them, and `make fuzz` ten times.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

STEADY, FUZZ = "steady", "fuzz"
TIMES = 10
"""How many times more examples `make fuzz` takes of each test."""
_HUNDRED = 100
_SHARE, _LEAST = 3, 3
"""Of costly examples the steady profile takes one in so many, and at least so many."""


def load() -> None:
    """Register both profiles and take the steady one; `--hypothesis-profile=fuzz` comes later."""
    settings.register_profile(
        STEADY,
        derandomize=True,
        database=None,
        deadline=None,
        # Who shrinks an example that needs a database waits for minutes.
        phases=[Phase.explicit, Phase.generate],
        # What a test takes from fixtures it empties by itself, between two examples.
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    settings.register_profile(
        FUZZ,
        parent=settings.get_profile(STEADY),
        derandomize=False,
        print_blob=True,
        max_examples=_HUNDRED * TIMES,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )
    settings.load_profile(STEADY)


def examples(number: int) -> settings:
    """Give a test so many examples, fewer in the steady profile, and more under `make fuzz`."""
    if settings.get_current_profile_name() == FUZZ:
        return settings(max_examples=number * TIMES)
    return settings(max_examples=max(min(number, _LEAST), number // _SHARE))
