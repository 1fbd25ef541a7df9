"""`groundswell bench`: what this installation takes and answers, measured where it stands."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from app.cli.numbers import Number
from app.cli.tables import as_json, echo_json, echo_table
from app.errors import InputError, UnavailableError
from app.replay.progress import ProgressReport
from app.runtime.running import find_running
from app.settings import read_settings

if TYPE_CHECKING:
    from app.health.rates import Case, Rate, Target

TYPE = "bench"
"""Content type of the items that it sends events of."""
ITEMS = 20
BATCH = 100
"""Events of a request."""


@click.command()
@click.option("--url", help="The API. [default: the make run of this folder, or HOST and PORT]")
@click.option("--key", envvar="GROUNDSWELL_KEY", help="An API key, where one is needed.")
@click.option(
    "--seconds",
    type=Number(0.5, 60),
    default=5.0,
    show_default=True,
    help="How long each of the four is measured.",
)
@click.option("--clients", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option("--anyway", is_flag=True, help="Also where there are items: its events stay there.")
@as_json
def bench(  # noqa: PLR0913  # its options
    url: str | None, key: str | None, seconds: float, clients: int, *, anyway: bool, as_json: bool
) -> None:
    """Measure how fast this installation takes events, and answers lists and stats.

    It sends events of twenty items of the content type `bench`, which are counted and ranked as all
    are, for some seconds over a few connections; answers of 429 are counted, not fought. So it
    refuses an installation that has other items, unless told to go on. `groundswell erase item
    bench-1 --content-type bench --counts purge` removes one of its items again. The client shares
    the machine with what it measures: numbers are lowest bounds.
    """
    from app.health.rates import Target  # noqa: PLC0415 - only this command measures

    target = Target(url=url or _here(), key=key)
    rates = asyncio.run(_measured(target, seconds=seconds, clients=clients, anyway=anyway))
    if as_json:
        echo_json(rates)
        return
    echo_table(
        ["CASE", "REQUESTS/S", "EVENTS/S", "P50 MS", "P99 MS", "REFUSED"],
        [
            (
                each.case,
                each.requests_per_second,
                each.events_per_second,
                each.p50_ms,
                each.p99_ms,
                each.refused,
            )
            for each in rates
        ],
        title=f"{target.url}, {clients} connections, {seconds:g} s each",
    )


def _here() -> str:
    found = None if os.environ.get("PORT") or os.environ.get("HOST") else find_running()
    if found is not None:
        return found.url
    settings = read_settings()
    return f"http://{settings.host}:{settings.port}"


async def _measured(target: Target, *, seconds: float, clients: int, anyway: bool) -> list[Rate]:
    from app.health.rates import measure  # noqa: PLC0415

    if not anyway:
        await _refuse_others(target)
    with ProgressReport("bench, seconds", round(4 * seconds)) as report:
        whole = 0.0

        def tick(passed: float) -> None:
            nonlocal whole
            before, whole = whole, whole + passed
            report.advance(int(whole) - int(before))

        return [
            await measure(target, case, clients=clients, seconds=seconds, tick=tick)
            for case in cases()
        ]


def cases() -> Iterator[Case]:
    """Yield what is measured, in its order: what is read has been written by then."""
    from app.health.rates import Case  # noqa: PLC0415

    events = [
        {"type": "view", "contentType": TYPE, "contentId": f"bench-{1 + number % ITEMS}"}
        for number in range(BATCH)
    ]
    yield Case(
        name=f"accept {BATCH} events",
        method="POST",
        path="/analytics/events",
        body=json.dumps(events).encode(),
        events=BATCH,
    )
    yield Case(
        name="accept one view",
        method="POST",
        path=f"/analytics/view/bench-1?contentType={TYPE}",
        events=1,
    )
    yield Case(name="read trending", method="GET", path="/analytics/trending?window=24h&limit=10")
    yield Case(name="read stats", method="GET", path=f"/analytics/stats/bench-1?contentType={TYPE}")


async def _refuse_others(target: Target) -> None:
    """Raise `InputError` where there are other items than ours."""
    import httpx  # noqa: PLC0415

    headers = {} if target.key is None else {"authorization": f"Bearer {target.key}"}
    try:
        async with httpx.AsyncClient(base_url=target.url, headers=headers, timeout=30) as client:
            answer = await client.get("/items", params={"limit": ITEMS + 1})
    except httpx.HTTPError as error:
        raise UnavailableError(f"{target.url} does not answer: {error!r}") from error
    if not answer.is_success:
        raise InputError(f"{target.url} refuses GET /items: {answer.text[:200]}")
    if any(item["contentType"] != TYPE for item in answer.json()["items"]):
        raise InputError(
            f"{target.url} has items of its own: bench would add events to what it counts and "
            "ranks, and load it; --anyway does so"
        )
