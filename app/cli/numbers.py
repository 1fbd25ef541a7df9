"""Numbers that commands are given."""

from __future__ import annotations

import math

import click


class Number(click.FloatRange):
    """A number that one can count with: click takes `nan` and `inf`, too."""

    def convert(
        self,
        value: str | float,
        param: click.Parameter | None,
        context: click.Context | None,
    ) -> float:
        """Return the number; what is none is told with the name of its option."""
        number = float(super().convert(value, param, context))  # type: ignore[arg-type]
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number to count with.", param, context)
        return number
