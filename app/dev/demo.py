"""The demo: the sample as the last 30 days of history, then live traffic without an end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from app.dev.talk import Talk, comment
from app.errors import GroundswellError
from app.http.wire import id_text
from app.replay.events import catalogue_of
from app.replay.live import Traffic, send_each_second, send_traffic
from app.replay.run import Replay, replay
from app.replay.source import read_history

SAMPLE = Path(__file__).parents[2] / "data" / "youtube_trending_gb_2017_sample.csv"
SPAN = timedelta(days=30)
SCALE = 0.2
"""Makes history a little quieter than `RATE`, so that live traffic moves the lists soon."""
RATE = 20.0
"""Live events a second, on the mean of a day."""
SEED = 2017


class DemoState(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo remembers in the data folder, so that a second start replays nothing twice."""

    until: datetime
    """The end of the replayed history: the same again after an interruption, so that ids repeat."""
    replayed: bool = False


async def run_demo(
    *,
    url: str,
    state_file: Path,
    talk: Talk | None,
    say: Callable[[str, str], None],
    kafka: str | None = None,
) -> None:
    """Replay the sample into the API at `url` unless that is done, then send traffic for ever.

    Between, some users comment on its first title. Traffic goes to the topics of the broker
    `kafka`, where one is named. What goes wrong is told to `say`; it ends the demo and nothing
    else.
    """
    try:
        await _replay_sample(url, state_file, lambda text: say("demo", text))
        items = catalogue_of(read_history(SAMPLE).videos, content_type="video")
        if talk is not None:
            first = id_text(items[0].content_id)
            await comment(talk, url=url, content_id=first, say=lambda text: say("demo", text))
        say("demo", f"live traffic: {RATE:g} events a second, more in the evening (UTC)")
        # A seed of its own for each start, so that no id is sent twice.
        traffic = Traffic(items, rate=RATE, seed=time.time_ns())
        if kafka is None:
            await send_traffic(traffic, url=url, say=lambda text: say("demo", text))
            return
        from app.dev.kafka import topics_of  # noqa: PLC0415 - an extra of the package

        async with topics_of(kafka) as publish:
            await send_each_second(traffic, post=publish, say=lambda text: say("demo", text))
    except GroundswellError as error:
        say("demo", f"the demo ended: {error.detail}")


async def _replay_sample(url: str, state_file: Path, say: Callable[[str], None]) -> None:
    state = read_state(state_file)
    if state.replayed:
        return
    say("replaying the sample as the last 30 days")
    wanted = Replay(
        path=SAMPLE,
        url=url,
        scale=SCALE,
        span=SPAN,
        until=state.until,
        seed=SEED,
        patience=math.inf,
        bar=False,
    )
    summary = await replay(wanted)
    write_state(state_file, DemoState(until=state.until, replayed=True))
    for line in summary.lines():
        say(line)


def read_state(file: Path) -> DemoState:
    """Return what is remembered in `file`; if nothing, begin now and remember that."""
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=DemoState)
    state = DemoState(until=datetime.now(UTC))
    write_state(file, state)
    return state


def write_state(file: Path, state: DemoState) -> None:
    """Remember `state` in `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode(state))
