"""The demo: a past that is filled in, people who like and comment, then live traffic for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from app.dev.filling import lists_served
from app.dev.history import RATE
from app.dev.talk import Talk, talk_and_like
from app.dev.titles import Shown
from app.errors import GroundswellError
from app.replay.live import Traffic, send_each_second, send_traffic

BREAKOUTS = {
    "name": "Breaks out (demo)",
    "ranking": "breakout",
    "condition": {"type": "breaksOut", "score": 3},
    "cooldown": "PT30M",
}
"""An alert without a webhook: its stream has what happens."""


async def people(
    shown: Shown, talk: Talk | None, *, url: str, admin_key: str, say: Callable[[str], None]
) -> None:
    """Let users like and comment, and return when the API serves every list."""
    if talk is not None:
        await talk_and_like(talk, shown.items, url=url, say=say)
    await lists_served(url, say=say)
    await _watch_breakouts(url, admin_key=admin_key, say=say)


async def run_traffic(
    shown: Shown, *, url: str, say: Callable[[str], None], kafka: str | None = None
) -> None:
    """Send traffic for ever: to the API at `url`, or to the topics of the broker `kafka`.

    What goes wrong is told to `say`; it ends the traffic and nothing else.
    """
    say(f"live traffic: {RATE:g} views a second, more in the evening (UTC)")
    # A seed of its own for each start, so that no id is sent twice.
    traffic = Traffic(shown.items, rate=RATE, seed=time.time_ns())
    try:
        if kafka is None:
            await send_traffic(traffic, url=url, say=say)
            return
        from app.dev.kafka import topics_of  # noqa: PLC0415 - an extra of the package

        async with topics_of(kafka) as publish:
            await send_each_second(traffic, post=publish, say=say)
    except GroundswellError as error:
        say(f"the live traffic ended: {error.detail}")


async def _watch_breakouts(url: str, *, admin_key: str, say: Callable[[str], None]) -> None:
    """Subscribe to what breaks out, once: /alerts shows it as it happens."""
    headers = {"authorization": f"Bearer {admin_key}"}
    try:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
            known = (await client.get("/alerts")).raise_for_status().json()["alerts"]
            if not any(alert["name"] == BREAKOUTS["name"] for alert in known):
                (await client.post("/alerts", json=BREAKOUTS)).raise_for_status()
    except httpx.HTTPError as error:
        say(f"no alert this time: {error}")
