"""`groundswell export`: exact, whole files, gone on with after a stop (B7)."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from redis.asyncio import Redis

from app.cli.export import export
from app.errors import GroundswellError
from app.export.plan import Asked
from app.export.stretches import stretches
from app.export.write import missing, write_part
from app.imports.run import Import
from app.imports.run import run as run_import
from app.ingest.packing import TYPE_NUMBERS
from app.runtime.pool import Pool
from app.settings import Settings
from tests.cleaning import Cleaner
from tests.eventually import eventually
from tests.writing import packed, put, running_writer, waiting

pytestmark = pytest.mark.usefixtures("clean")

START = datetime(2026, 10, 30, 22, tzinfo=UTC)
ODD = 'a "quoted", ,comma;\\back\nline\t\x01\x02 😀'
MINUTES = st.integers(0, 366 * 1_440).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def us(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.fixture
async def sent(
    clean: None,  # noqa: ARG001 - before anything is written
    settings: Settings,
    pool: Pool,
    redis: Redis,
) -> list[Any]:
    """Three days over the end of a month, with what is awkward in files."""
    start = us(START)
    hour = 3_600_000_000
    like, watch = TYPE_NUMBERS["like"], TYPE_NUMBERS["watch_time"]
    events = [packed(f"i{n % 5}", occurred_at=start + n * 2 * hour, count=n + 1) for n in range(30)]
    events += [
        packed(ODD, occurred_at=start + 1, user_id=ODD, metadata=json.dumps({"a": ODD}).encode()),
        packed("i1", occurred_at=start + 2, type=like, session_id="s"),
        packed("i1", occurred_at=start + 3, type=watch, seconds=0.1, count=3),
        packed("i1", occurred_at=start + 4, uncounted_because="bot: Curl"),
    ]

    async def is_empty() -> bool:
        return await waiting(redis) == 0

    async with running_writer(settings, pool, redis):
        await put(redis, events)
        await eventually(is_empty)
    async with pool.connection() as connection:
        await connection.execute("update core.item set title = %s where external_id = 'i1'", [ODD])
        await connection.execute("call api.refresh_aggregates(forced => true)")
    return events


async def run(settings: Settings, *arguments: object) -> Result:
    def invoke() -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", settings.database_url)
            return CliRunner().invoke(export, [str(one) for one in arguments])

    return await asyncio.to_thread(invoke)


async def exported(settings: Settings, folder: Path, *arguments: object) -> list[Path]:
    result = await run(settings, arguments[0], folder, *arguments[1:])
    assert result.exit_code == 0, result.output + str(result.exception)
    return [path for path in files_of(folder) if path.name != "export.json"]


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def rows_of(paths: list[Path]) -> list[dict[str, Any]]:
    """Return what any of the formats holds, with None and numbers as JSON has them."""
    rows: list[dict[str, Any]] = []
    for path in paths:
        match path.suffix:
            case ".csv":
                rows += list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
            case ".ndjson":
                rows += [json.loads(line) for line in path.read_bytes().splitlines()]
            case _:
                rows += parquet.read_table(path).to_pylist()
    return rows


async def test_every_event_is_in_the_file_of_its_day(
    settings: Settings, sent: list[Any], tmp_path: Path
) -> None:
    for form in ("csv", "ndjson", "parquet"):
        paths = await exported(settings, tmp_path / form, "events", "--format", form)
        hold_every_event(paths, sent, form)


def hold_every_event(paths: list[Path], sent: list[Any], form: str) -> None:
    assert [path.name for path in paths][:3] == [
        f"events-2026-10-30.{form}", f"events-2026-10-31.{form}", f"events-2026-11-01.{form}",
    ]  # fmt: skip
    rows = rows_of(paths)
    counted = [event for event in sent if event.uncounted_because is None]
    in_order = sorted(counted, key=lambda event: (event.occurred_at, event.event_id))
    assert [UUID(str(row["id"])) for row in rows] == [
        UUID(bytes=event.event_id) for event in in_order
    ]
    for row, event in zip(rows, in_order, strict=True):
        assert row["contentId"] == event.content_id
        assert int(row["count"]) == event.count
        moment = row["occurredAt"]
        if isinstance(moment, str):
            assert moment.endswith("Z")
            moment = datetime.fromisoformat(moment)
        assert us(moment) == event.occurred_at
    odd = next(row for row in rows if row["contentId"] == ODD)
    assert odd["userId"] == ODD
    metadata = odd["metadata"]
    assert (json.loads(metadata) if isinstance(metadata, str) else metadata) == {"a": ODD}
    watched = next(row for row in rows if row["type"] == "watch_time")
    assert float(watched["seconds"]) == 0.1


@pytest.mark.usefixtures("sent")
async def test_an_import_takes_it_back(
    settings: Settings, pool: Pool, cleaner: Cleaner, tmp_path: Path
) -> None:
    look = """
        select event_id, event_type, count, seconds, user_id, metadata, occurred_at, external_id
        from core.event inner join core.item using (item_id) where counted order by event_id
    """
    files = {
        form: await exported(settings, tmp_path / form, "events", "--format", form)
        for form in ("csv", "ndjson")
    }
    async with pool.connection() as connection:
        before = await (await connection.execute(look)).fetchall()
        for form, paths in files.items():
            await cleaner.clean(connection)
            wanted = Import(
                paths=paths,
                settings=settings,
                progress=lambda *_: None,
                reject=lambda _, line, reason: pytest.fail(f"line {line}: {reason}"),
                tell=lambda _: None,
            )
            assert sum(found.events for found in await run_import(wanted)) == len(before), form
            assert await (await connection.execute(look)).fetchall() == before, form


async def test_counts_add_up_to_the_events(
    settings: Settings, sent: list[Any], pool: Pool, tmp_path: Path
) -> None:
    """Also to those that no aggregate has been refreshed for."""
    async with pool.connection() as connection:
        await connection.execute("update core.event set count = 107 where count = 7")
    for level, seconds in {"1m": 60, "15m": 900, "1d": 86_400}.items():
        paths = await exported(
            settings, tmp_path / level, "engagement", "--format", "parquet", "--level", level
        )
        assert paths[0].name.startswith(f"engagement_{level}-2026-10")
        add_up(rows_of(paths), sent, seconds * 1_000_000)


def add_up(rows: list[dict[str, Any]], sent: list[Any], size: int) -> None:
    views: Counter[tuple[str, int]] = Counter()
    for event in sent:
        if event.type == TYPE_NUMBERS["view"] and event.uncounted_because is None:
            views[event.content_id, event.occurred_at // size * size] += event.count + 100 * (
                event.count == 7
            )
    found = {(row["contentId"], us(row["bucket"])): row["views"] for row in rows if row["views"]}
    assert found == views
    assert sum(row["watchSeconds"] for row in rows) == pytest.approx(0.3)
    assert {row["title"] for row in rows if row["contentId"] == "i1"} == {ODD}


async def test_the_catalogue_has_its_counts(
    settings: Settings, sent: list[Any], tmp_path: Path
) -> None:
    rows = rows_of(await exported(settings, tmp_path, "items", "--format", "ndjson"))
    assert (
        sum(row["views"] for row in rows)
        == sum(event.count for event in sent if event.type == TYPE_NUMBERS["view"]) - 1
    )
    assert {row["contentId"] for row in rows} == {event.content_id for event in sent}


async def test_it_goes_on_where_it_was_cut_off(
    settings: Settings, sent: list[Any], tmp_path: Path
) -> None:
    """To the end that it had then, and without touching what is whole."""
    asked = Asked(what="events", format="csv", level="1d", since=None, until=None)
    end = START + timedelta(hours=40)

    def begin() -> None:
        with psycopg.connect(settings.database_url, autocommit=True) as connection:
            parts = missing(connection, tmp_path, asked, now=end)
            assert [part.path.name[7:17] for part in parts] == [
                "2026-10-30", "2026-10-31", "2026-11-01",
            ]  # fmt: skip
            write_part(connection, parts[0], asked)
            (tmp_path / "events-2026-10-31.draft").write_text("half of a")

    await asyncio.to_thread(begin)
    first = tmp_path / "events-2026-10-30.csv"
    before = first.stat().st_mtime_ns
    paths = await exported(settings, tmp_path, "events")
    assert first.stat().st_mtime_ns == before
    assert [path.suffix for path in paths] == [".csv"] * 3
    rows = rows_of(paths)
    assert len(rows) == sum(
        event.occurred_at < us(end) and event.uncounted_because is None for event in sent
    )
    result = await run(settings, "events", tmp_path)
    assert result.output == f"0 files written to {tmp_path}, 0 bytes\n"


MISFITS = {
    ("events", "--format", "ndjson"): "holds another export (events as csv)",
    ("events", "--since", "2026-10-31"): "holds another export (events as csv)",
    ("events", "--until", "tomorrow"): "'tomorrow' is not a moment",
    ("rankings",): "'rankings' is not one of",
}


@pytest.mark.usefixtures("sent")
async def test_what_does_not_fit_is_refused(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    await exported(settings, folder, "events")
    for arguments, told in MISFITS.items():
        result = await run(settings, arguments[0], folder, *arguments[1:])
        error = result.exception
        assert told in (error.detail if isinstance(error, GroundswellError) else result.output)


async def test_a_folder_of_something_else_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    result = await run(settings, "items", tmp_path)
    assert isinstance(result.exception, GroundswellError)
    assert "is not empty" in result.exception.detail
    assert [path.name for path in files_of(tmp_path)] == ["thesis.txt"]
    late = await run(
        settings, "items", tmp_path / "new", "--since", "2026-02-02", "--until", "2026-02-01"
    )
    assert isinstance(late.exception, GroundswellError)
    assert "is after --until" in late.exception.detail


async def test_nothing_is_no_file_but_for_the_catalogue(settings: Settings, tmp_path: Path) -> None:
    assert await exported(settings, tmp_path / "a", "events") == []
    (path,) = await exported(settings, tmp_path / "b", "items", "--format", "parquet")
    assert rows_of([path]) == []


@given(MINUTES, st.timedeltas(timedelta(), timedelta(days=90)), st.booleans())
def test_stretches_join_without_gaps(since: datetime, length: timedelta, months: bool) -> None:
    found = list(stretches(since, since + length, months=months))
    assert [part.until for part in found[:-1]] == [part.since for part in found[1:]]
    assert bool(found) == bool(length)
    if found:
        assert (found[0].since, found[-1].until) == (since, since + length)
    assert len({part.name for part in found}) == len(found)
    size = 7 if months else 10
    assert all(part.since.isoformat()[:size] == part.name for part in found)
