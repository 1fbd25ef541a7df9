"""What STYLE.md says of the files in db/functions and db/jobs."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.migrate.schema_files import PROJECT, SqlFile, read_replaceable, read_versioned
from tests.together import Rule, together

REPLACEABLE = read_replaceable(PROJECT)
VERSIONED = read_versioned(PROJECT)
FUNCTIONS = [file for file in REPLACEABLE.functions if file.path.count("/") == 2]
IN_PLACE = REPLACEABLE.in_place
FROM_NOTHING = [file for file in FUNCTIONS if file not in IN_PLACE]

MADE = {
    name
    for file in [*FUNCTIONS, *VERSIONED]
    for name in re.findall(
        r"^create [a-z ]*?(?:table|view|type|function|procedure|aggregate) ([a-z]+\.[a-z0-9_]+)",
        file.text,
        re.MULTILINE,
    )
}
"""Tables, aggregates, types and functions that the files make."""


def each(files: list[SqlFile]) -> Callable[[Rule], Rule]:
    return together("file", files, ids=lambda file: file.path)


def statements(file: SqlFile) -> str:
    """The file without its comments."""
    return re.sub(r"--[^\n]*", "", file.text)


@each(FUNCTIONS)
def test_a_file_holds_the_object_it_is_named_after(file: SqlFile) -> None:
    _, schema, name = file.path.removesuffix(".sql").split("/")
    created = re.findall(
        r"\bcreate (?:or replace )?(?:function|procedure|view|aggregate)"
        r" (?:([a-z_]+)\.)?([a-z0-9_]+)",
        statements(file),
    )
    assert created == [(schema, name)]
    triggers = re.findall(
        r"^create or replace trigger [a-z_]+\n[^;]*?\bexecute function ([a-z_]+)\.([a-z0-9_]+)\(",
        statements(file),
        re.MULTILINE,
    )
    assert set(triggers) <= {(schema, name)}
    assert len(re.findall(r"^create\b", statements(file), re.MULTILINE)) == 1 + len(triggers)


@each(FUNCTIONS)
def test_a_file_says_what_it_is_where_it_comes_from_and_what_it_feeds(file: SqlFile) -> None:
    header = re.match(r"(?:--[^\n]*\n)+", file.text)
    assert header, "the file begins with a comment"
    text = re.sub(r"\s*\n--\s*", "\n", "\n" + header.group()).strip()
    sentence, source, _ = text.partition("Source: ")
    assert sentence.rstrip().endswith("."), "one sentence first"
    assert source
    assert re.search(r"\bFeeds: \S", text)


@each([*FUNCTIONS, *VERSIONED])
def test_what_a_header_names_is_there(file: SqlFile) -> None:
    header = re.match(r"(?:--[^\n]*\n)+", file.text)
    assert header
    assert set(re.findall(r"\b(?:core|agg|api)\.[a-z0-9_]+", header.group())) <= MADE


@each(FUNCTIONS)
def test_time_comes_from_the_caller(file: SqlFile) -> None:
    """`now()` may only be the default of `as_of`; a job's ledger measures by clock_timestamp()."""
    text = re.sub(r"\bas_of timestamptz (?:default|=) now\(\)", "", statements(file))
    assert not re.search(
        r"\b(now|statement_timestamp|transaction_timestamp|localtimestamp)\s*\(|\bcurrent_(timestamp|date)\b",
        text,
        re.IGNORECASE,
    )


@each(IN_PLACE)
def test_what_is_beside_tables_replaces_and_calls_nothing_of_api(file: SqlFile) -> None:
    """Schema core is not dropped before; api is, and would leave these without what they call."""
    assert len(re.findall(r"^create or replace\b", statements(file), re.MULTILINE)) == len(
        re.findall(r"^create\b", statements(file), re.MULTILINE)
    )
    assert not re.search(r"\bapi\.", statements(file))


@each(VERSIONED)
def test_a_versioned_file_leaves_its_transaction_to_migrate(file: SqlFile) -> None:
    """It is one, with its row of the bookkeeping: a file that was cut off has done nothing."""
    assert not re.search(r"^\s*(begin|commit|rollback)\s*;", statements(file), re.MULTILINE)
    assert "concurrently" not in statements(file)
    assert re.match(r"-- [A-Z]", file.text), "the file begins with a sentence"
    assert re.search(r"^-- (.*\s)?Source: \S", file.text, re.MULTILINE)
    assert re.search(r"^-- (.*\s)?Feeds: \S", file.text, re.MULTILINE)


@each(FROM_NOTHING)
def test_a_file_does_not_replace(file: SqlFile) -> None:
    """Schema api is made from nothing each time; `or replace` would hide a name used twice."""
    assert not re.search(r"\bor replace\b|\bif not exists\b", statements(file), re.IGNORECASE)


@each(REPLACEABLE.jobs)
def test_a_job_is_named_after_its_file_and_says_why_it_runs_so_often(file: SqlFile) -> None:
    name = file.path.removeprefix("jobs/").removesuffix(".sql")
    assert re.findall(r"cron\.schedule\(\s*'([^']+)'", statements(file)) == [name]
    assert name.startswith("groundswell_")
    assert re.match(r"--\s*\S+", file.text)


@each(FUNCTIONS)
def test_nothing_counts_distinct_rows_straight_from_a_hypertable(file: SqlFile) -> None:
    """TimescaleDB 2.23 leaves out what is compressed of a chunk that late rows came into."""
    for counted in re.findall(r"count\(\s*distinct\s+([a-z_]+)\.", statements(file)):
        assert re.search(rf"\b{counted} as (?:materialized )?\(", statements(file)), "it is no CTE"
    assert not re.search(r"count\(\s*distinct\s+[a-z_]+\s*\)", statements(file))


@each(FUNCTIONS)
def test_nothing_reads_what_timescaledb_keeps_otherwise_in_some_version(file: SqlFile) -> None:
    """Its logs of changes have no public form: two functions read them, for refreshes and readers.

    continuous_agg has had the columns that are read since 2.23, and so has the table of watermarks,
    which api.stale_ranges must see as its snapshot does; `migrate` tries it.
    """
    read = set(re.findall(r"_timescaledb_(?:catalog|config|internal)\.(\w+)", statements(file)))
    if file.path not in {"functions/api/changed_ranges.sql", "functions/api/unrefreshed.sql"}:
        assert read <= {"continuous_agg", "continuous_aggs_watermark"}
