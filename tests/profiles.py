"""How hypothesis searches: the same examples in every run, or, by `make fuzz`, new and more ones.

A test of properties says at most how many examples it is worth: `@examples(15)`. Without that it
gets hypothesis's hundred.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

STEADY, FUZZ = "steady", "fuzz"
TIMES = 10
"""How many times more examples `make fuzz` takes of each test."""
_HUNDRED = 100


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
    """Give a test so many examples, and more under `make fuzz`."""
    return settings(max_examples=number * settings().max_examples // _HUNDRED)
