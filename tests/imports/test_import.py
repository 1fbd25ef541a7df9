"""Importing history: what comes of it equals what the same events come to on any other way."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.imports import load
from app.imports import queries as imports
from app.imports.found import Found
from app.imports.lines import COLUMNS
from app.imports.run import Import, check, run
from app.ingest.insert import Inserter
from app.ingest.packing import TYPE_NUMBERS
from app.ingest.rows import ReceivedEvent
from app.runtime.moments import microseconds, unix_microseconds
from app.settings import Settings
from tests.sql.comparing import assert_recounted
from tests.sql.oracle import Event
from tests.sql.test_aggregates import assert_levels
from tests.sql.test_oracle import populate
from tests.sql.world import World
from tests.writing import packed

DAY = timedelta(days=1)
ITEMS = {"a": "video", "b": "video", "c": "video", "d": "book", "e": "book"}
TYPES = ("view", "view", "like", "unlike", "comment", "uncomment", "share", "watch_time")
Run = Callable[..., Awaitable[list[Found]]]


class KilledError(BaseException):
    """What stands for a kill."""


class Told:
    """What an import says; it is killed when it says so much."""

    def __init__(self, killed_after: int | None = None) -> None:
        self.rejected: list[tuple[int, str]] = []
        self.batches = 0
        self._left = killed_after

    def progress(self, _path: Path, _read: int, _events: int) -> None:
        self.batches += 1
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                raise KilledError


def wanted(settings: Settings, told: Told, *paths: Path) -> Import:
    return Import(
        paths=paths,
        settings=settings,
        progress=told.progress,
        reject=lambda _, line, reason: told.rejected.append((line, reason)),
        tell=lambda _: None,
    )


def history(rng: random.Random, number: int) -> list[dict[str, Any]]:
    """Events of the last 40 days, most in order, each third with an id of its own."""
    now = datetime.now(UTC).replace(microsecond=0)
    events = []
    for place in range(number):
        content_id, content_type = rng.choice(list(ITEMS.items()))
        event: dict[str, Any] = {
            "type": rng.choice(TYPES),
            "contentId": content_id,
            "contentType": content_type,
            "occurredAt": now - 40 * DAY * (number - place) / number - rng.random() * DAY,
            "count": rng.randint(1, 9),
        }
        if event["type"] == "watch_time":
            event["seconds"] = float(rng.randint(1, 900))
        if place % 3 == 0:
            event["id"] = UUID(int=rng.getrandbits(128), version=4)
        events.append(event)
    return events


def as_oracle(events: list[dict[str, Any]]) -> list[Event]:
    numbers = {name: place for place, name in enumerate(ITEMS, 1)}
    return [
        Event(
            item=numbers[event["contentId"]],
            type=event["type"],
            occurred_at=event["occurredAt"],
            received_at=event["occurredAt"],
            count=event["count"],
            seconds=event.get("seconds"),
        )
        for event in events
    ]


def write(path: Path, events: list[dict[str, Any]]) -> Path:
    """Write events in the format of the file's name."""
    rows = [msgspec.to_builtins(event) for event in events]
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)) + b"\n")
    return path


async def is_right(world: World) -> None:
    """Aggregates, windows, scores, lists and stats equal a recount; nothing is left to do."""
    await assert_levels(world)
    world.runs |= {run for (run,) in await world.rows("select run_id from core.ranking_run")}
    as_of = datetime.now(UTC)
    await world.run(as_of, forced=True)
    await assert_recounted(world, as_of)
    await world.execute("call api.reconcile()")
    assert await world.rows(
        "select row_count, error from core.job_run where job = 'reconcile' "
        "order by job_run_id desc limit 1"
    ) == [(0, None)]
    births = await world.rows("select item_id, first_event_at from core.item order by item_id")
    assert births == [
        (item.item_id, min((e.at for e in world.events if e.item == item.item_id), default=None))
        for item in world.items
    ]


@pytest.mark.parametrize("name", ["history.csv", "history.ndjson"])
async def test_history_comes_to_what_it_is(
    world: World, settings: Settings, tmp_path: Path, name: str
) -> None:
    """Beside events that came before; none of it goes through scoring's queue."""
    await populate(world)
    events = history(random.Random(name), 120)  # noqa: S311
    for place, event in enumerate(events):
        event["userId"] = f"u{place % 11}"
    await world.insert(as_oracle(events[90:]))
    await world.run(datetime.now(UTC))

    told = Told()
    (found,) = await run(wanted(settings, told, write(tmp_path / name, events[:90])))

    assert (found.events, found.duplicates, found.rejected, told.rejected) == (90, 0, 0, [])
    assert await world.value("select count(*) from core.score_feed") == 0
    world.events += as_oracle(events[:90])
    await is_right(world)
    while await world.value("select api.close_viewers(now())"):
        pass
    seen = [event for event in events[:90] if event["type"] == "view"]
    assert await world.rows(
        "select item_id, viewers from api.viewers_since(%s::bigint[], %s::timestamptz[]) "
        "order by item_id",
        [[0, 1], ["-infinity", "-infinity"]],
    ) == [
        (0, len({event["userId"] for event in seen})),
        (1, len({event["userId"] for event in seen if event["contentId"] == "a"})),
    ]


@pytest.mark.parametrize(("name", "killed_after"), [("history.csv", 1), ("history.ndjson", 3)])
async def test_one_that_was_killed_goes_on(  # noqa: PLR0917 - fixtures and parameters
    world: World,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    killed_after: int,
) -> None:
    """After a batch was committed; in the middle of one; and before anything is counted."""
    monkeypatch.setattr(load, "BATCH", 20)
    await populate(world)
    events = history(random.Random(killed_after), 100)  # noqa: S311
    path = write(tmp_path / name, events)
    with pytest.raises(KilledError):
        await run(wanted(settings, Told(killed_after), path))
    with monkeypatch.context() as patched:

        async def killed(*_: object, **__: object) -> None:
            raise KilledError

        patched.setattr(imports, "move_import", killed)
        with pytest.raises(KilledError):
            await run(wanted(settings, Told(), path))
    assert await world.value("select count(*) from core.event") == 20 * killed_after
    with monkeypatch.context() as patched:
        patched.setattr(imports, "are_aggregated", killed)
        with pytest.raises(KilledError):
            await run(wanted(settings, Told(), path))

    (found,) = await run(wanted(settings, Told(), path))

    assert (found.events, found.duplicates) == (100, 0)
    world.events += as_oracle(events)
    await is_right(world)
    (again,) = await run(wanted(settings, Told(), path.rename(tmp_path / f"other-{name}")))
    assert again.is_done
    assert await world.value("select count(*) from core.event") == 100


async def test_what_was_recorded_before_counts_once(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    """By the writer, by another file, or by a line above, whatever time comes with the id."""
    await populate(world)
    events = history(random.Random(5), 60)  # noqa: S311
    event = events[30]
    await Inserter(late_seconds=60).insert(
        world.connection,
        [
            ReceivedEvent(
                packed(
                    event["contentId"],
                    content_type=event["contentType"],
                    event_id=event["id"].bytes,
                    occurred_at=microseconds(event["occurredAt"]),
                    type=TYPE_NUMBERS[event["type"]],
                    count=event["count"],
                    seconds=event.get("seconds"),
                    claims=True,
                ),
                unix_microseconds(),
            )
        ],
        now=unix_microseconds(),
    )
    again = {**events[0], "occurredAt": events[0]["occurredAt"] + DAY}
    first = write(tmp_path / "first.ndjson", [*events[:40], again])
    second = write(tmp_path / "second.csv", [events[3], *events[40:]])

    one, two = await run(wanted(settings, Told(), first, second))

    assert (one.events - one.duplicates, two.events - two.duplicates) == (39, 20)
    world.events += as_oracle(events)
    await is_right(world)


async def test_bad_lines_are_told_and_sink_no_others(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(
        b"type,contentId,occurredAt,count,seconds,metadata\r\n"
        b"view,a,2026-01-02T03:04:05Z,2,,\r\n"
        b"viewed,a,2026-01-02T03:04:05Z,,,\r\n"
        b"view,a,,,,\r\n"
        b'view,"a\nb",2026-01-02T03:04:05Z,,,"{""k"": 1}"\r\n'
        b"view,a,2026-01-02T03:04:05Z,many,,\r\n"
        b"\r\n"
        b"view,\xff,2026-01-02T03:04:05Z,,,\r\n"
        b"view,a,2199-01-02T03:04:05Z,,,\r\n"
        b"view,a\r\n"
        b"view,a,1999-01-02T03:04:05Z,,,\r\n"
        b"watch_time,a,2026-01-02T03:04:05Z,,1.5,{\r\n"
        b"like,007,2026-01-02T03:04:05Z,,,"
    )
    told = Told()
    (found,) = await run(wanted(settings, told, path))

    assert (found.events, found.rejected) == (3, 8)
    assert {
        line: re.split(": | is before| is \\d", reason)[0] for line, reason in told.rejected
    } == {
        3: "type",
        4: "occurredAt",
        7: "count",
        9: "contains text that is not UTF-8",
        10: "occurredAt",
        11: "2 fields, where the first line names 6",
        12: "occurredAt",
        13: "the JSON ends too early or has half a character",
    }
    assert await world.rows(
        "select external_id, count, metadata from core.event inner join core.item "
        "using (item_id) order by external_id"
    ) == [("007", 1, None), ("a", 2, None), ("a\nb", 1, {"k": 1})]


async def test_checking_stores_nothing(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held of a file at once is bounded in bytes, too."""
    monkeypatch.setattr(load, "BATCH_BYTES", 1)
    events = history(random.Random(1), 30)  # noqa: S311
    path = write(tmp_path / "history.ndjson", events)
    # What some programs of Windows begin a file with.
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b'{"type": "view"}\n')
    told = Told()

    (found,) = await check(wanted(settings, told, path))

    moments = [event["occurredAt"] for event in events]
    assert (found.events, found.rejected) == (30, 1)
    assert (found.earliest, found.latest) == (min(moments), max(moments))
    assert told.rejected == [(31, "contentId: missing")]
    assert told.batches == 16
    assert await world.value("select count(*) from core.import") == 0
