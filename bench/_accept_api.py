"""The API of bench/accept.py, as granian runs it: `python -m bench._accept_api accepting|dropping`.

`dropping` is the same application in which accepted events go nowhere: it reads, decodes, gives
each event its id, time and outcome, and answers the same, but packs and sends nothing.
"""

from __future__ import annotations

import sys

from app.ingest import recorder
from app.ingest.intake import Intake, Taken
from app.ingest.sender import ANYBODY, Sender
from app.ingest.stream import Entry, Sealed
from app.main import create_app
from app.rankings.hot_path import HotPath
from app.runtime.lifeline import end_with_parent
from app.serve import granian_of
from app.settings import read_settings


def accepting() -> HotPath:
    """Make the API as it is."""
    end_with_parent()
    return create_app(read_settings())


def dropping() -> HotPath:
    """Make the API whose intake takes nothing."""
    vars(recorder)["sealed"] = _unpacked
    Intake.take = _drop  # type: ignore[method-assign]
    return accepting()


def _unpacked(entry: Entry, **_: int) -> Sealed:
    return Sealed({}, len(entry.events), len(entry.events))


async def _drop(
    self: Intake,  # noqa: ARG001
    entry: Sealed,  # noqa: ARG001
    sender: Sender = ANYBODY,  # noqa: ARG001
    *,
    is_replicated: bool = False,  # noqa: ARG001
) -> Taken:
    return Taken()


if __name__ == "__main__":
    settings = read_settings()
    target = f"bench._accept_api:{sys.argv[1]}"
    granian_of(target, host=settings.host, port=settings.port, workers=1).serve()
