import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import msgspec
import psycopg
import pytest
import redis.asyncio
from click.testing import CliRunner, Result

from app.access.bounds import PUBLIC, Bounds
from app.access.key_ring import KeyRing
from app.cli.keys import api_keys
from app.errors import InputError
from app.runtime.pool import Pool

pytestmark = pytest.mark.usefixtures("clean")
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a thread, since it brings an event loop of its own."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, api_keys, arguments)

    return run


async def test_a_key_is_shown_once_then_listed_by_its_prefix(
    run: Run, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    made = await run("create", "importer", "--scope", "write", "--scope", "backfill")
    key = made.stdout.strip()
    assert re.fullmatch(r"gsk_[A-Za-z0-9]{8}_[A-Za-z0-9]{32}", key)
    found = await KeyRing(pool, redis).find(key)
    assert found is not None
    assert found.scopes == {"write", "backfill"}
    prefix = key.rpartition("_")[0]
    listed = (await run("list")).output
    assert listed == f"{prefix}  secret  write,backfill  importer  never used\n"


async def test_a_public_key_has_origins_and_only_writes(
    run: Run, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    made = await run("create", "site", "--public", "--origin", "https://example.org")
    assert made.stdout.startswith("gpk_")
    found = await KeyRing(pool, redis).find(made.stdout.strip())
    assert found is not None
    assert found.kind == "public"
    assert found.scopes == {"write"}
    assert found.allows_origin("https://example.org")
    assert not found.allows_origin("https://example.com")
    for wrong in (
        ("--public", "--scope", "admin"),
        ("--public", "--scope", "backfill"),
        ("--origin", "https://example.org"),
        ("--public", "--origin", "example.org"),
        ("--public", "--origin", "https://example.org/page"),
    ):
        assert (await run("create", "site", *wrong)).exit_code == 2


async def test_a_revoked_key_stays_listed(run: Run, pool: Pool, redis: redis.asyncio.Redis) -> None:
    key = (await run("create", "old", "--rate-limit", "600")).stdout.strip()
    prefix = key.rpartition("_")[0]
    assert (await run("revoke", prefix)).output == f"{prefix} is revoked\n"
    assert (await run("revoke", prefix)).exit_code == 1
    assert await KeyRing(pool, redis).find(key) is None
    assert re.search(r"600 a minute  revoked \d{4}-\d\d-\d\d", (await run("list")).output)


async def test_bounds_are_those_of_the_kind_until_they_are_changed(
    run: Run, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    made = await run("create", "site", "--public", "--max-watch", "60", "--takes-back", "nothing")
    key = made.stdout.strip()
    found = await KeyRing(pool, redis).find(key)
    assert found is not None
    changed = msgspec.structs.replace(PUBLIC, max_watch_seconds=60, takes_back="nothing")
    assert {name: getattr(found, name) for name in Bounds.__struct_fields__} == (
        msgspec.structs.asdict(changed)
    )
    given = (
        *("--max-count", "0", "--max-age", "0", "--max-watch", "3600", "--shared-ids"),
        *("--trust-viewer", "--rate-limit", "9", "--origin", "https://example.org"),
    )
    updated = await run("update", key, *given)
    said = (
        "write  site  for https://example.org  9 a minute  max-count any  max-age any"
        "  takes-back nothing  shared-ids  trust-viewer  never used\n"
    )
    assert updated.output.endswith(said)
    assert (await run("list")).output == updated.output
    again = await run("update", key, "--rate-limit", "0", "--own-ids")
    assert "9 a minute" not in again.output
    assert "shared-ids" not in again.output
    assert "trust-viewer" in again.output
    found = await KeyRing(pool, redis).find(key)
    assert found is not None
    assert found.rate_limit is None
    assert found.allowed_origins == {"https://example.org"}


async def test_what_is_no_valid_key_is_not_changed(run: Run) -> None:
    key = (await run("create", "server")).stdout.strip()
    for prefix, option in (("gsk_unknown0", "--max-count=1"), (key, "--origin=https://a.org")):
        assert (await run("update", prefix, option)).exit_code == 1
    await run("revoke", key)
    assert (await run("update", key, "--max-count=1")).exit_code == 1


async def test_nothing_to_list(run: Run) -> None:
    assert (await run("list")).output == "there are no keys\n"


async def test_keys_are_told_to_programs_as_the_api_names_them(run: Run) -> None:
    await run("create", "site", "--public", "--origin", "https://example.org")
    [key] = msgspec.json.decode((await run("list", "--json")).stdout)
    assert key["kind"] == "public"
    assert key["allowedOrigins"] == ["https://example.org"]
    assert key["lastUsedAt"] is None


async def test_whoever_waits_for_a_key_is_told_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command: they stood still without a word."""
    said: list[str] = []

    @contextmanager
    def waiting(what: str) -> Iterator[None]:
        said.append(what)
        yield

    monkeypatch.setattr("app.cli.connecting.waiting", waiting)
    made = await run("create", "site")
    prefix = made.stdout.rpartition("_")[0]
    for arguments in (["list"], ["update", prefix, "--rate-limit", "600"], ["revoke", prefix]):
        assert (await run(*arguments)).exit_code == 0
    assert said == ["asking the database"] * 4


async def test_a_database_of_an_older_version_is_told_in_words(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column that it does not have yet: said what to do, and no traceback."""

    async def asked(_: object) -> None:
        raise psycopg.errors.UndefinedColumn

    monkeypatch.setattr("app.access.queries.list_api_keys", asked)
    failed = await run("list")
    assert isinstance(failed.exception, InputError)
    assert "run `groundswell migrate`" in str(failed.exception)
