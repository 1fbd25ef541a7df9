"""The wire protocol, byte by byte."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest

from app.embedded import EmbeddedTimescaledb
from tests.embedded.conftest import Connection, value
from tests.embedded.wire import (
    FLUSH,
    SYNC,
    RawClient,
    bind,
    execute,
    kinds,
    message,
    parse,
    query,
    startup,
    text,
)


@pytest.fixture
async def raw(embedded: EmbeddedTimescaledb) -> AsyncIterator[RawClient]:
    client = await RawClient.connected(embedded.url)
    yield client
    await client.close()


async def test_ssl_and_gss_are_declined_then_plain_startup_works(
    embedded: EmbeddedTimescaledb,
) -> None:
    client = await RawClient.open(embedded.url)
    for code in (80877103, 80877104):
        client.writer.write(struct.pack("!ii", 8, code))
        assert await client.reader.readexactly(1) == b"N"
    client.writer.write(startup())
    assert kinds(await client.until_ready()) == "RKZ"
    await client.close()


async def test_startup_tells_parameters(embedded: EmbeddedTimescaledb) -> None:
    client = await RawClient.open(embedded.url)
    client.writer.write(startup(application_name="probe", TimeZone="Asia/Tokyo"))
    answers = await client.until_ready()
    parameters = dict(a.body.decode().split("\0")[:2] for a in answers if a.kind == "S")
    assert parameters["server_version"].startswith("17.")
    assert parameters["client_encoding"] == "UTF8"
    assert parameters["application_name"] == "probe"
    assert parameters["TimeZone"] == "Asia/Tokyo"
    await client.close()


async def test_messages_may_be_cut_at_any_byte(raw: RawClient) -> None:
    stream = query("select 'first'") + parse("", "select 'second'") + bind("", "") + execute()
    for byte in stream + SYNC:
        raw.writer.write(bytes([byte]))
        await raw.writer.drain()
    assert kinds(await raw.until_ready()) == "TDCZ"
    assert kinds(await raw.until_ready()) == "12DCZ"


async def test_startup_may_be_cut_at_any_byte(embedded: EmbeddedTimescaledb) -> None:
    client = await RawClient.open(embedded.url)
    for byte in startup() + query("select 1"):
        client.writer.write(bytes([byte]))
        await client.writer.drain()
    assert kinds(await client.until_ready()) == "RKZ"
    assert kinds(await client.until_ready()) == "TDCZ"
    await client.close()


@pytest.mark.parametrize("size", [65_530, 65_536, 3_000_000])
async def test_messages_over_64_kib(db: Connection, size: int) -> None:
    assert await value(db, "select %s::text", "x" * size) == "x" * size
    assert await value(db, f"select length('{'y' * size}')") == size


async def test_several_syncs_in_one_packet(raw: RawClient) -> None:
    one = parse("", "select 1") + bind("", "") + execute() + SYNC
    raw.writer.write(one * 3 + query("select 2"))
    for expected in ["12DCZ"] * 3 + ["TDCZ"]:
        assert kinds(await raw.until_ready()) == expected


async def test_flush_answers_without_sync(raw: RawClient) -> None:
    raw.writer.write(parse("", "select 1") + bind("", "") + execute() + FLUSH)
    assert kinds(await raw.until("C")) == "12DC"
    assert kinds(await raw.ask(SYNC)) == "Z"


@pytest.mark.parametrize("between", [b"", message("C", b"S" + text("kept"))], ids=["", "close"])
async def test_what_is_sent_between_batches_keeps_nobody_waiting(
    raw: RawClient, db: Connection, between: bytes
) -> None:
    """As libpq does with a statement that is no longer needed: all others waited for a minute."""
    assert kinds(await raw.ask(parse("kept", "select 1"), SYNC)) == "1Z"
    raw.writer.write(between + FLUSH)
    if between:
        assert kinds(await raw.until("3")) == "3"
    await asyncio.sleep(0.1)
    async with asyncio.timeout(10):
        assert await value(db, "select 1") == 1
    assert kinds(await raw.ask(parse("kept" * (not between), "select 2"), SYNC)).endswith("Z")


async def test_an_error_in_a_pipeline_skips_to_its_sync(raw: RawClient) -> None:
    bad = parse("", "select 1/0") + bind("", "") + execute()
    good = parse("", "select 1") + bind("", "") + execute()
    raw.writer.write(bad + good + SYNC + good + SYNC)
    first = await raw.until_ready()
    assert kinds(first).endswith("EZ")
    assert "D" not in kinds(first)
    assert kinds(await raw.until_ready()) == "12DCZ"


async def test_an_unnamed_statement_outlives_its_sync_and_other_clients(
    raw: RawClient, db: Connection
) -> None:
    assert kinds(await raw.ask(parse("", "select 'mine'"), SYNC)) == "1Z"
    assert await value(db, "select %s::text", "other") == "other"
    answers = await raw.ask(bind("", ""), execute(), SYNC)
    assert kinds(answers) == "2DCZ"
    assert b"mine" in answers[1].body


async def test_a_simple_query_ends_the_unnamed_statement(raw: RawClient) -> None:
    await raw.ask(parse("", "select 1"), SYNC)
    await raw.ask(query("select 2"))
    answers = await raw.ask(bind("", ""), execute(), SYNC)
    assert answers[0].fields["C"] == "26000"


async def test_a_portal_gives_its_rows_in_parts(raw: RawClient) -> None:
    two_rows = message("E", text("p") + struct.pack("!i", 2))
    answers = await raw.ask(
        query("begin"), parse("", "select generate_series(1, 3)"), bind("p", ""), two_rows, FLUSH
    )
    assert kinds(answers) == "CZ"
    assert kinds(await raw.until("s")) == "12DDs"
    assert kinds(await raw.ask(two_rows, SYNC)) == "DCZ"
    assert kinds(await raw.ask(query("commit"))) == "CZ"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"database": "elsewhere"}, "3D000"),
        ({"user": "nobody_known"}, "22023"),
        ({"replication": "database"}, "0A000"),
        ({"options": "-c no_such_setting=1"}, "42704"),
        ({"options": "-c work_mem=banana"}, "22023"),
        ({"options": "nonsense"}, "42601"),
    ],
)
async def test_refused_startups(
    embedded: EmbeddedTimescaledb, parameters: dict[str, str], code: str
) -> None:
    client = await RawClient.open(embedded.url)
    client.writer.write(startup(**parameters))
    error = await client.read()
    assert (error.kind, error.fields["S"]) == ("E", "FATAL")
    assert error.fields["C"] in {code, "28000"}
    assert await client.ended()
    await client.close()


async def test_protocol_2_is_refused(embedded: EmbeddedTimescaledb) -> None:
    client = await RawClient.open(embedded.url)
    client.writer.write(struct.pack("!ii", 8, 2 << 16))
    assert (await client.read()).fields["C"] == "0A000"
    await client.close()


async def test_a_newer_minor_version_is_negotiated(embedded: EmbeddedTimescaledb) -> None:
    body = startup()
    client = await RawClient.open(embedded.url)
    client.writer.write(body[:4] + struct.pack("!i", (3 << 16) + 2) + body[8:])
    assert kinds(await client.until_ready()) == "vRKZ"
    await client.close()


async def test_function_calls_get_an_error_and_fail_the_transaction(raw: RawClient) -> None:
    await raw.ask(query("begin"))
    answers = await raw.ask(message("F", struct.pack("!ihhh", 1, 0, 0, 0)))
    assert answers[0].fields["C"] == "0A000"
    assert answers[-1].body == b"E"
    await raw.ask(query("rollback"))


async def test_garbage_is_refused_and_harms_nobody(
    embedded: EmbeddedTimescaledb, raw: RawClient, db: Connection
) -> None:
    raw.writer.write(b"\x01garbage")
    error = await raw.read()
    assert (error.fields["S"], error.fields["C"]) == ("FATAL", "08P01")
    assert await raw.ended()
    http = await RawClient.open(embedded.url)
    http.writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await http.ended()
    await http.close()
    assert await value(db, "select 1") == 1


async def test_cancelling_an_unknown_client_is_quiet(
    embedded: EmbeddedTimescaledb, db: Connection
) -> None:
    client = await RawClient.open(embedded.url)
    client.writer.write(struct.pack("!iiii", 16, 80877102, 12345, 6789))
    assert await client.ended()
    await client.close()
    assert await value(db, "select 1") == 1


async def test_an_empty_query(raw: RawClient) -> None:
    assert kinds(await raw.ask(query(""))) == "IZ"
    assert kinds(await raw.ask(parse("", ""), bind("", ""), execute(), SYNC)) == "12IZ"
