"""A small attack, as `bench attack` plays it: lists hold, and honest people keep their say (T5)."""

from __future__ import annotations

import pytest

from bench._attack_traffic import FORMS, stage_of
from bench.attack import ALLOWED, BARE, BEGIN, SAMPLE, SHIPPED, attacked, honest_cost
from tests.sql.world import World


@pytest.mark.parametrize("name", ["one item", "like ring"])
async def test_a_small_attack(world: World, name: str) -> None:
    """The same list without labels and rivals have what is pushed; the shipped lists drop it."""
    form = FORMS[name]
    stage = stage_of(form, SAMPLE, people=1_000, attackers=20, at=BEGIN, days=1, seed=3)

    fared = await attacked(world.connection, stage, form)

    assert fared[BARE].stood == form.targets
    assert fared["Reddit hot"].stood == form.targets
    # Of an hour there are fewer than a hundred items on so small a site: all of them are listed.
    for ranking in SHIPPED[1:]:
        assert fared[ranking].stood == 0, (ranking, ALLOWED)
    cost = await honest_cost(world.connection, stage)
    assert cost.labelled < 0.005
    assert cost.repeated < 0.1
