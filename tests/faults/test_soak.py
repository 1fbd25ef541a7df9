"""The short form of the soak: each kill, and the other faults that cost little time."""

from __future__ import annotations

import os
import random
from pathlib import Path

from rich.console import Console

from tests.engines import Home
from tests.soak import faults
from tests.soak.run import Soak
from tests.soak.stand import open_stand

SEED = int(os.environ.get("SEED") or 20)
"""Printed with the table; SEED=… repeats a course of events."""

FAULTS = [
    *faults.KILLS,
    faults.Fault("power loss of Redis", faults.power_loss),
    faults.Fault("pause API or worker", faults.pause_part),
    faults.Fault("connections cut", faults.cut_connections),
]


async def test_nothing_is_lost_or_doubled_whatever_breaks(home: Home, tmp_path: Path) -> None:
    async with open_stand(home, tmp_path) as stand:
        stand.burst = 1
        stand.pace = 0.1
        course = random.Random(SEED).sample(FAULTS, len(FAULTS))  # noqa: S311
        report = await Soak(stand, SEED, print).run(course, check_every=len(FAULTS))
    report.show(Console(width=120))
    assert report.findings == []
    assert report.events > 100
