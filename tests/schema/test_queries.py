"""Every query of every room, prepared by the real schema and compared with its Struct."""

from __future__ import annotations

import importlib
import pkgutil
import re
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

import app
from app.runtime import sql
from tests.together import together

for module in pkgutil.walk_packages(app.__path__, "app."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

QUERIES = list(sql.declared.values())

TYPES: dict[object, set[str]] = {
    bool: {"boolean"},
    bytes: {"bytea"},
    date: {"date"},
    datetime: {"timestamp with time zone"},
    dict: {"jsonb"},
    float: {"real", "double precision"},
    int: {"smallint", "integer", "bigint"},
    str: {"text", "name", "core.event_type"},
    UUID: {"uuid"},
}


NO_ROWS = b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\xff\xff"
"""A binary COPY of nothing."""


@pytest.fixture
def server(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection that can describe a statement without executing it.

    It has the temporary tables that some statements make for others.
    """
    with psycopg.connect(database_url, prepare_threshold=None) as connection:
        for query in QUERIES:
            if b"create temporary table" in query.text:
                connection.execute(query.text)
        yield connection
        connection.rollback()


def numbered(text: str) -> str:
    """Replace `%(name)s` by `$1`, as psycopg does."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match.group() == "%%":
            return "%"
        if match.group(1) not in names:
            names.append(match.group(1))
        return f"${names.index(match.group(1)) + 1}"

    return re.sub(r"%\((\w+)\)s|%%", number, text)


def describe(server: psycopg.Connection, text: str) -> dict[str, str]:
    """Return the columns of a statement and their types."""
    prepared = server.pgconn.prepare(b"described", numbered(text).encode())
    assert prepared.status == psycopg.pq.ExecStatus.COMMAND_OK, prepared.error_message.decode()
    described = server.pgconn.describe_prepared(b"described")
    server.execute("deallocate described")
    names = [described.fname(n) or b"" for n in range(described.nfields)]
    oids = [described.ftype(n) for n in range(described.nfields)]
    types = server.execute(
        "select format_type(t.oid, null) from unnest(%s::oid[]) with ordinality as t (oid, place)"
        " order by t.place",
        [oids],
    )
    return {
        name.decode(): type_name for name, (type_name,) in zip(names, types.fetchall(), strict=True)
    }


def expected(annotation: object) -> set[str]:
    """Return the SQL types that psycopg turns into what `annotation` says."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return expected(typing.get_args(annotation)[0])
    if origin in {typing.Union, types.UnionType}:
        options = [option for option in typing.get_args(annotation) if option is not types.NoneType]
        return set().union(*(expected(option) for option in options))
    if origin is typing.Literal:
        return expected(type(typing.get_args(annotation)[0]))
    if origin is list:
        return {f"{name}[]" for name in expected(typing.get_args(annotation)[0])}
    return TYPES[origin or annotation]


@together("query", QUERIES, ids=lambda query: query.name)
def test_a_query_gives_what_its_struct_says(
    query: sql.Query[Any] | sql.Command, server: psycopg.Connection
) -> None:
    with server.transaction():
        gives_what_its_struct_says(query, server)


def gives_what_its_struct_says(
    query: sql.Query[Any] | sql.Command, server: psycopg.Connection
) -> None:
    text = query.text.decode()
    if re.search(r"^copy\b", text, re.MULTILINE):
        with server.cursor().copy(text) as copy:
            copy.write(NO_ROWS)
        return
    columns = describe(server, text)
    if isinstance(query, sql.Command):
        assert set(columns.values()) <= {"void"}, "a Command has no rows"
        return
    name_of = "encode_name" if isinstance(query, sql.CopiedQuery) else "name"
    fields = {getattr(field, name_of): field for field in msgspec.structs.fields(query.row)}
    required = {name for name, field in fields.items() if field.required}
    assert required <= set(columns) <= set(fields)
    for name, type_name in columns.items():
        assert type_name in expected(fields[name].type), f"{name} is {type_name}"


def test_every_file_is_declared_once() -> None:
    assert set(sql.FILES) == set(sql.declared)
    # A name that two rooms use would hide one of their files.
    assert len(sql.FILES) == len(list(sql.ROOMS.glob("*/sql/*.sql")))


@together("query", QUERIES, ids=lambda query: query.name)
def test_parameters_have_a_type_of_their_own(query: sql.Query[Any] | sql.Command) -> None:
    """`%(limit)s::integer`: else the type depends on the Python value of the day."""
    bare = re.findall(r"%\((\w+)\)s(?!::)", query.text.decode())
    assert bare == []
