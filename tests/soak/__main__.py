"""The long form of the soak: `python -m tests.soak`, or `make soak`.

SOAK_KILLS: until every kind of kill was injected this often (100). SOAK_SECONDS: but no longer than
this (no limit). SEED: another course of events. TEST_DATABASE_URL: on that server.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from app.runtime.logs import configure_logs
from app.settings import Settings
from tests.engines import open_home
from tests.soak.faults import Fault, faults_for
from tests.soak.report import Report
from tests.soak.run import Soak
from tests.soak.stand import Stand, open_stand

CHECK_EVERY = 20


def main() -> int:
    """Soak, show the table, and return 1 if anything was lost, doubled or wrong."""
    configure_logs(Settings(log_level="error"))
    report = asyncio.run(_soak(_number("SEED") or 1))
    return 1 if report.findings else 0


async def _soak(seed: int) -> Report:
    with tempfile.TemporaryDirectory(prefix="groundswell-soak-") as folder:
        home = await open_home(_made(Path(folder) / "cache"))
        try:
            async with open_stand(home, _made(Path(folder) / "stand")) as stand:
                soak = Soak(stand, seed, lambda line: print(line, flush=True))
                try:
                    await soak.run(_course(stand, seed, soak.report), check_every=CHECK_EVERY)
                finally:
                    soak.report.show(Console(width=120))
                return soak.report
        finally:
            await home.close()


def _course(stand: Stand, seed: int, report: Report) -> Iterator[Fault]:
    """Yield faults, all of them in ever new orders, until there were enough."""
    chance = random.Random(seed)  # noqa: S311 - repeats a run, keeps no secret
    wanted, seconds = _number("SOAK_KILLS"), _number("SOAK_SECONDS")
    if not (wanted or seconds):
        wanted = 100
    deadline = time.monotonic() + (seconds or 10**9)
    faults = list(faults_for(stand))
    while True:
        chance.shuffle(faults)
        for fault in faults:
            if time.monotonic() > deadline:
                return
            if not (wanted and fault.is_kill and report.line(fault).injected >= wanted):
                yield fault
        kills = [report.line(fault).injected for fault in faults if fault.is_kill]
        if wanted and min(kills) >= wanted:
            return


def _number(name: str) -> int:
    return int(os.environ.get(name) or 0)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
