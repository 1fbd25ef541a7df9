"""What STYLE.md says of the files in db/functions and db/jobs."""

from __future__ import annotations

import re

from app.database.schema_files import PROJECT, SqlFile, read_replaceable

REPLACEABLE = read_replaceable(PROJECT)
FUNCTIONS = [file for file in REPLACEABLE.functions if file.path.count("/") == 2]


def statements(file: SqlFile) -> str:
    """The file without its comments."""
    return re.sub(r"--[^\n]*", "", file.text)


def test_there_are_files_to_look_at() -> None:
    assert FUNCTIONS
    assert REPLACEABLE.jobs


def test_a_file_holds_the_object_it_is_named_after() -> None:
    wrong = {}
    for file in FUNCTIONS:
        _, schema, name = file.path.removesuffix(".sql").split("/")
        created = re.findall(
            r"\bcreate (?:function|procedure|view|aggregate) (?:([a-z_]+)\.)?([a-z0-9_]+)",
            statements(file),
        )
        lines = re.findall(r"^create\b", statements(file), re.MULTILINE)
        if created != [(schema, name)] or len(lines) != 1:
            wrong[file.path] = created
    assert wrong == {}


def test_a_file_says_what_it_is_where_it_comes_from_and_what_it_feeds() -> None:
    wrong = {}
    for file in FUNCTIONS:
        header = re.match(r"(?:--[^\n]*\n)+", file.text)
        if header is None:
            wrong[file.path] = "begin with a comment"
            continue
        text = re.sub(r"\s*\n--\s*", "\n", "\n" + header.group()).strip()
        sentence, source, _ = text.partition("Source: ")
        if not sentence.rstrip().endswith("."):
            wrong[file.path] = "one sentence first"
        elif not source:
            wrong[file.path] = "say its Source:"
        elif not re.search(r"\bFeeds: \S", text):
            wrong[file.path] = "say what it Feeds:"
    assert wrong == {}


def test_time_comes_from_the_caller() -> None:
    """`now()` may only be the default of `as_of`; a job's ledger measures by clock_timestamp()."""
    clock = re.compile(
        r"\b(now|statement_timestamp|transaction_timestamp|localtimestamp)\s*\("
        r"|\bcurrent_(timestamp|date)\b",
        re.IGNORECASE,
    )
    default = r"\bas_of timestamptz (?:default|=) now\(\)"
    texts = {file.path: re.sub(default, "", statements(file)) for file in FUNCTIONS}
    assert [path for path, text in texts.items() if clock.search(text)] == []


def test_a_file_does_not_replace() -> None:
    """Schema api is made from nothing each time; `or replace` would hide a name used twice."""
    replacing = re.compile(r"\bor replace\b|\bif not exists\b", re.IGNORECASE)
    assert [file.path for file in FUNCTIONS if replacing.search(statements(file))] == []


def test_a_job_is_named_after_its_file_and_says_why_it_runs_so_often() -> None:
    wrong = []
    for file in REPLACEABLE.jobs:
        name = file.path.removeprefix("jobs/").removesuffix(".sql")
        scheduled = re.findall(r"cron\.schedule\(\s*'([^']+)'", statements(file))
        is_explained = re.match(r"--\s*\S+", file.text)
        if scheduled != [name] or not name.startswith("groundswell_") or not is_explained:
            wrong.append(file.path)
    assert wrong == []
