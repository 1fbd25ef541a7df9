"""The long form: `python -m tests.fuzz`, or `make fuzz`.

First all tests of properties with ten times the examples, then event bodies that are nearly right.
FUZZ: how many bodies (1000000). SEED: repeats what the run that printed it did.
TEST_DATABASE_URL: on that server.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.ingest.dead_letters import each_dead_letter
from app.runtime.logs import configure_logs
from app.settings import Settings
from tests import profiles
from tests.engines import open_home
from tests.fuzz.bodies import Fuzzer
from tests.fuzz.client import fuzz
from tests.soak.checks import drained
from tests.soak.stand import open_stand

STORED = 0.1
"""Share of the inputs that are stored, where acceptable: the writers, too, must take them."""


def main() -> int:
    """Fuzz, and return 1 if a property fails, or a body got a 5xx, no answer, or ends a process."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"SEED={seed} repeats this run", flush=True)
    held = _properties_hold(seed)
    configure_logs(Settings(log_level="error"))
    failed = asyncio.run(_bodies(int(os.environ.get("FUZZ") or 1_000_000), seed))
    return 1 if failed or not held else 0


def _properties_hold(seed: int) -> bool:
    searched = [f"--hypothesis-profile={profiles.FUZZ}", f"--hypothesis-seed={seed}"]
    command = [sys.executable, "-m", "pytest", "-m", "hypothesis", *searched]
    return subprocess.run(command, check=False).returncode == 0


async def _bodies(inputs: int, seed: int) -> bool:
    chance = random.Random(seed)  # noqa: S311 - repeats a run, keeps no secret
    with tempfile.TemporaryDirectory(prefix="groundswell-fuzz-") as folder:
        (cache := Path(folder) / "cache").mkdir()
        (stand_folder := Path(folder) / "stand").mkdir()
        home = await open_home(cache)
        async with open_stand(home, stand_folder) as stand, stand.redis() as client:
            await stand.ready()
            began = time.monotonic()
            statuses, failures = await fuzz(
                stand.port,
                Fuzzer(seed).input,
                inputs=inputs,
                stored=lambda: chance.random() < STORED,
            )
            seconds = time.monotonic() - began
            await drained(client, within=120)
            dead = [letter async for letter in each_dead_letter(client)]
            crashed = [part.name for part in stand.parts if part.crashed]
        await home.close()
    print(f"{inputs:,} inputs in {seconds:,.0f} s")
    for status, times in sorted(statuses.items()):
        print(f"{status or 'no answer'}: {times:,}")
    print(f"dead letters: {len(dead)}, processes that ended: {', '.join(crashed) or 'none'}")
    for letter in dead[:5]:
        print("dead:", letter.reason)
    for status, sent in failures[:5]:
        print(status or "no answer", sent)
    return bool(failures or crashed)


if __name__ == "__main__":
    sys.exit(main())
