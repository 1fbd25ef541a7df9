"""API keys: what is open without one, what each scope allows, and where public keys may be used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from app.access import key_ring, keys
from app.access.api_key import Scope
from app.access.key_ring import KeyRing
from app.access.queries import (
    ValidApiKey,
    list_api_keys,
    revoke_api_key,
    valid_api_keys,
)
from app.runtime.pool import Pool, open_pool
from app.runtime.redis_client import open_redis
from app.runtime.sql import Connection
from app.settings import Settings
from tests.engines import Engine
from tests.eventually import eventually
from tests.serving import api_of, bearer, make_key

pytestmark = pytest.mark.usefixtures("clean")

RECORD = ("POST", "/analytics/view/a")
READ = ("GET", "/analytics/trending")
READ_ITEM = ("GET", "/items/a")
WRITE_ITEM = ("PUT", "/items")
REFRESH = ("POST", "/admin/rankings/refresh")
PAGE = "https://example.org"


async def ask(api: httpx.AsyncClient, what: tuple[str, str], **headers: str) -> int:
    method, path = what
    body = b'{"contentId": "a"}' if what == WRITE_ITEM else b""
    return (await api.request(method, path, content=body, headers=headers)).status_code


@pytest.mark.parametrize(
    ("require_keys", "open_to_all"),
    [("none", [RECORD, READ, WRITE_ITEM]), ("write", [READ]), ("all", [])],
)
async def test_what_is_open_without_a_key(
    settings: Settings, require_keys: str, open_to_all: list[tuple[str, str]]
) -> None:
    async with api_of(msgspec.structs.replace(settings, require_keys=require_keys)) as api:
        for what in (RECORD, READ, WRITE_ITEM):
            assert (await ask(api, what) == 401) == (what not in open_to_all), what
        assert await ask(api, REFRESH) == (403 if require_keys == "none" else 401)
        for path in ("/health/live", "/metrics", "/", "/beacon.js", "/schema/openapi.json"):
            assert (await api.get(path)).status_code == 200


async def test_a_scope_allows_what_it_says_and_admin_everything(
    settings: Settings, pool: Pool
) -> None:
    allowed: dict[Scope, set[tuple[str, str]]] = {
        "write": {RECORD, WRITE_ITEM},
        "read": {READ, READ_ITEM},
        "admin": {RECORD, WRITE_ITEM, READ, READ_ITEM, REFRESH},
    }
    made = {scope: await make_key(pool, scope) for scope in allowed}
    async with api_of(msgspec.structs.replace(settings, require_keys="all")) as api:
        for scope, key in made.items():
            for what in (RECORD, WRITE_ITEM, READ, REFRESH):
                refused = await ask(api, what, **bearer(key)) == 403
                assert refused == (what not in allowed[scope]), (scope, what)


async def test_a_problem_says_what_is_wrong_and_never_the_key(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "gsk_wrongkey_wrongwrongwrongwrongwrongwrongwr"
    async with api_of(msgspec.structs.replace(settings, require_keys="all")) as api:
        for answer in (
            await api.get("/analytics/trending"),
            await api.get("/analytics/trending", headers=bearer(wrong)),
            await api.get("/analytics/trending", headers={"x-api-key": wrong}),
            await api.get(f"/analytics/trending?key={wrong}"),
        ):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Bearer realm="groundswell"'
            assert answer.json()["type"] == "/problems/unauthorized"
            assert wrong not in answer.text
    written = capsys.readouterr()
    assert wrong not in written.out + written.err


async def test_a_key_may_be_shown_in_three_ways_but_a_secret_one_not_in_the_address(
    settings: Settings, pool: Pool
) -> None:
    secret, public = await make_key(pool), await make_key(pool, kind="public")
    async with api_of(msgspec.structs.replace(settings, require_keys="write")) as api:
        for key in (secret, public):
            assert await ask(api, RECORD, **bearer(key)) == 202
            assert await ask(api, RECORD, **{"x-api-key": key}) == 202
        assert await ask(api, ("POST", f"/analytics/view/a?key={public}")) == 202
        assert await ask(api, ("POST", f"/analytics/view/a?key={secret}")) == 401
        basic = {"authorization": "Basic Zm9vOmJhcg=="}
        assert await ask(api, RECORD, **basic, **{"x-api-key": secret}) == 202


async def test_a_public_key_records_from_its_pages_and_does_nothing_else(
    settings: Settings, pool: Pool
) -> None:
    public = await make_key(pool, kind="public", origins=(PAGE,))
    async with api_of(msgspec.structs.replace(settings, require_keys="all")) as api:
        shown = bearer(public)
        assert await ask(api, RECORD, **shown, origin=PAGE) == 202
        assert await ask(api, RECORD, **shown, origin="https://evil.example") == 403
        assert await ask(api, RECORD, **shown) == 403
        assert await ask(api, WRITE_ITEM, **shown, origin=PAGE) == 403
        assert await ask(api, READ, **shown, origin=PAGE) == 403


async def test_a_revoked_key_is_refused_at_once(
    settings: Settings, pool: Pool, redis: Redis
) -> None:
    key = await make_key(pool)
    async with api_of(msgspec.structs.replace(settings, require_keys="write")) as api:
        assert await ask(api, RECORD, **bearer(key)) == 202
        async with pool.connection() as connection:
            prefix = key.rpartition("_")[0]
            assert await revoke_api_key(connection, prefix=prefix, revoked_at=datetime.now(UTC))
            assert not await revoke_api_key(connection, prefix=prefix, revoked_at=datetime.now(UTC))

        async def refused() -> bool:
            await redis.publish(keys.API_KEYS_CHANGED, b"")
            return await ask(api, RECORD, **bearer(key)) == 401

        await eventually(refused)


async def test_who_comes_while_the_keys_are_read_waits_for_them(pool: Pool, redis: Redis) -> None:
    """As at a start: whoever came in its first moments was taken for one without a key."""
    key, ring = await make_key(pool), KeyRing(pool, redis)
    reading = asyncio.create_task(ring.reload())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not ring.loaded
    found = await ring.find(key)
    assert found is not None
    assert ring.loaded
    await reading


async def test_what_changes_during_a_reading_is_seen_by_whoever_comes_after_it(
    pool: Pool, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new key is valid, a revoked one is not, also once the older reading has ended."""
    old = await make_key(pool)
    has_read, may_go = asyncio.Event(), asyncio.Event()

    async def held(connection: Connection) -> list[ValidApiKey]:
        found = await valid_api_keys(connection)
        has_read.set()
        await may_go.wait()
        return found

    ring = KeyRing(pool, redis)
    with monkeypatch.context() as patched:
        patched.setattr(key_ring, "valid_api_keys", held)
        reading = asyncio.create_task(ring.reload())
        await has_read.wait()
    new = await make_key(pool)
    async with pool.connection() as connection:
        prefix = old.rpartition("_")[0]
        assert await revoke_api_key(connection, prefix=prefix, revoked_at=datetime.now(UTC))
    for _ in range(2):
        assert await ring.find(new) is not None
        assert await ring.find(old) is None
        may_go.set()
        await reading


async def test_the_last_use_is_noted(pool: Pool, redis: Redis) -> None:
    key, ring = await make_key(pool), KeyRing(pool, redis)
    assert await ring.find(key) is not None
    await ring.reload()
    async with pool.connection() as connection:
        (listed,) = await list_api_keys(connection)
    assert listed.last_used_at is not None


async def test_only_the_hash_is_stored(pool: Pool, redis: Redis) -> None:
    key = await make_key(pool)
    await KeyRing(pool, redis).reload()
    async with pool.connection() as connection:
        cursor = await connection.execute("select row_to_json(k)::text from core.api_key as k")
        ((row,),) = await cursor.fetchall()
    secret = key.rpartition("_")[2]
    assert secret not in row
    assert secret.encode() not in (await redis.get(keys.API_KEYS) or b"")


async def test_known_keys_work_while_the_database_is_down_but_no_admins(
    own_engine: Callable[..., Awaitable[Engine]],
) -> None:
    engine = await own_engine()
    own = Settings(
        database_url=engine.database_url,
        redis_url=engine.redis_url,
        require_keys="write",
        database_timeout=1,
    )
    async with open_pool(own) as pool, open_redis(own) as redis:
        key, admin = await make_key(pool), await make_key(pool, "admin")
        async with api_of(own) as api:
            assert await ask(api, RECORD, **bearer(key)) == 202
            assert await redis.get(keys.API_KEYS)
            await engine.kill_database()
            assert await ask(api, RECORD, **bearer(key)) == 202
            assert await ask(api, RECORD, **bearer(admin)) == 202
        async with api_of(own) as started_meanwhile:
            assert await ask(started_meanwhile, RECORD, **bearer(key)) == 202
            assert await ask(started_meanwhile, RECORD, **bearer(admin)) == 401
        await redis.flushall()
        async with api_of(own) as knows_nothing:
            answer = await knows_nothing.post("/analytics/view/a", headers=bearer(key))
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
