"""What the events that come with a key may claim.

A public key stands in a page where everybody reads it, so what comes with it is what one viewer can
have done just now. A secret one is a server's, which is believed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

TakesBack = Literal["nothing", "own", "anything"]


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of a key's events, as the columns of core.api_key say."""

    max_count: int | None = None
    """Most `count` of one event; None is any."""
    max_age_seconds: int | None = None
    """Greatest age of `occurredAt`; None is that of the service."""
    takes_back: TakesBack = "anything"
    """What unlikes and uncomments may take back: `own` is what the same viewer gave today."""
    max_watch_seconds: int | None = None
    """Seconds that a viewer may have watched an item at once; then as many as pass. None is any."""
    own_ids: bool = False
    """Whether the ids it gives are its own, so that it can meet no event of another key."""
    derives_viewer: bool = False
    """Whether viewers are told by their client too, whatever the page says they are."""


OPEN = Bounds()
PUBLIC = Bounds(
    max_count=1,
    max_age_seconds=3_600,
    takes_back="own",
    max_watch_seconds=3_600,
    own_ids=True,
    derives_viewer=True,
)

MAX_AHEAD_SECONDS = 300
"""How far clocks may run ahead where there is a greatest age."""
