"""What a hostile page, a guesser or a crooked address meets."""

from __future__ import annotations

import httpx
import msgspec
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from app.access.errors import TooManyGuessesError
from app.access.guesses import MOST, Guesses
from app.errors import BadRequestError
from app.runtime.pool import Pool, connected
from app.settings import Settings
from tests.api.conftest import ADMIN, ADMIN_KEY, Stage, hot_path_of, problem
from tests.api.test_edge import routes
from tests.calling import Call
from tests.serving import api_of, bearer, make_key

pytestmark = pytest.mark.usefixtures("clean")

EVENT = {"type": "view", "contentId": "a"}


async def test_no_answer_is_to_be_guessed_at(api: httpx.AsyncClient, settings: Settings) -> None:
    paths = {path for method, path in routes(settings) if method == "GET"} - {"/alerts/stream"}
    for path in sorted(paths | {"/", "/nothing", "//", "/beacon.js", "/schema", "/problems/busy"}):
        answer = await api.get(path)
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"], path


async def test_trending_from_memory_is_not_either(stage: Stage) -> None:
    await stage.world.only("trending_24h")
    await stage.world.happened(await stage.world.item("a"))
    await stage.show()
    answer = await stage.api.get("/analytics/trending")
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    known = {"if-none-match": answer.headers["etag"]}
    again = await stage.api.get("/analytics/trending", headers=known)
    assert again.status_code == 304
    assert again.headers.get_list("x-content-type-options") == ["nosniff"]
    rebound = await stage.api.get("/analytics/trending", headers={"host": "evil.example:8000"})
    await problem(rebound, 421, "wrong-host")


@pytest.mark.parametrize(
    ("host", "allowed", "asked", "status"),
    [
        ("127.0.0.1", "", "evil.example", 421),
        ("127.0.0.1", "", "evil.example:8000", 421),
        ("127.0.0.1", "", "localhost.evil.example", 421),
        ("127.0.0.1", "", "LocalHost:8000", 202),
        ("127.0.0.1", "", "127.0.0.1:8000", 202),
        ("::1", "", "[::1]:8000", 202),
        ("::1", "", "[::2]:8000", 421),
        ("127.0.0.1", "api.example.org", "api.example.org", 202),
        ("127.0.0.1", "*", "evil.example", 202),
        ("0.0.0.0", "", "api.example.org", 202),  # noqa: S104
        ("0.0.0.0", "api.example.org", "evil.example", 421),  # noqa: S104
    ],
)
async def test_a_name_that_is_bound_anew_reaches_nothing(
    settings: Settings, host: str, allowed: str, asked: str, status: int
) -> None:
    async with api_of(msgspec.structs.replace(settings, host=host, allowed_hosts=allowed)) as api:
        answer = await api.post("/analytics/events", json=[EVENT], headers={"host": asked})
        assert answer.status_code == status
        assert (await api.get("/health/live", headers={"host": asked})).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["//admin/audit", "/admin//audit", "/%61dmin/audit", "/admin/%61udit", "/./admin/audit",
     "/x/../admin/audit", "/admin/../admin/audit", "/admin%2Faudit", "//"],
)  # fmt: skip
async def test_a_path_has_one_spelling(admin_api: httpx.AsyncClient, path: str) -> None:
    page = {**ADMIN, "origin": "https://evil.example"}
    call = Call(hot_path_of(admin_api), "GET", path, headers=page)
    call.say()
    assert await call.ended() == (404, "not-found")


@pytest.mark.parametrize("required", ["write", "all"])
async def test_nobody_is_told_how_to_become_admin_where_keys_are_required(
    settings: Settings, required: str
) -> None:
    own = msgspec.structs.replace(settings, require_keys=required)
    async with api_of(own) as api:
        tried = [(m, p) for m, p in routes(settings) if p.startswith("/admin")]
        assert len(tried) > 5
        for method, path in tried:
            answer = await api.request(method, path)
            await problem(answer, 401, "unauthorized")


async def test_guesses_are_throttled_and_logged(settings: Settings, pool: Pool) -> None:
    own = msgspec.structs.replace(settings, admin_key=ADMIN_KEY, trusted_proxies="127.0.0.1")
    key = await make_key(pool, "admin")
    async with api_of(own) as api:
        with capture_logs() as told:
            for number in range(MOST):
                answer = await api.get("/admin/audit", headers=bearer(f"guess {number}"))
                await problem(answer, 401, "unauthorized")
        assert [(line["event"], line["client"], line["wrong_keys"]) for line in told] == [
            ("wrong key", "127.0.0.1", 1),
            ("wrong key", "127.0.0.1", MOST),
        ]
        answer = await api.get("/admin/audit", headers=ADMIN)
        await problem(answer, 429, "too-many-guesses")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        # Neither other clients suffer, nor keys that nobody could guess.
        other = {**ADMIN, "x-forwarded-for": "192.0.2.7"}
        assert (await api.get("/admin/audit", headers=other)).status_code == 200
        assert (await api.get("/admin/audit", headers=bearer(key))).status_code == 200


def test_guesses_are_forgotten_after_a_while() -> None:
    now = 0.0
    guesses = Guesses(clock=lambda: now)
    for _ in range(MOST):
        guesses.check("a")
        guesses.note("a")
    with pytest.raises(TooManyGuessesError):
        guesses.check("a")
    guesses.check("b")
    now = 60.0
    guesses.check("a")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost"}, 200),
        ({"origin": "http://localhost", "sec-fetch-site": "same-origin"}, 200),
        # A proxy before us wrote another Host; the browser knows better.
        ({"origin": "https://app.example", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "https://friend.example", "sec-fetch-site": "cross-site"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://other.localhost", "sec-fetch-site": "same-site"}, 403),
    ],
)
async def test_a_page_likes_nothing_in_the_name_of_who_is_signed_in(
    settings: Settings, headers: dict[str, str], status: int
) -> None:
    own = msgspec.structs.replace(
        settings,
        user_header="X-User",
        trusted_proxies="127.0.0.1",
        cors_origins="*, https://friend.example",
    )
    async with api_of(own) as api:
        for method in ("POST", "PUT", "DELETE"):
            answer = await api.request(
                method, "/items/a/like", headers={"x-user": "ada", **headers}
            )
            assert answer.status_code == status, answer.text
            if status == 403:
                assert answer.json()["type"] == "/problems/cross-site"
        # Reading changes nothing, and another origin cannot see the answer.
        answer = await api.get("/items/a/like", headers={"x-user": "ada", **headers})
        assert answer.status_code in {200, 404}


async def test_what_the_database_says_is_not_passed_on(pool: Pool) -> None:
    with pytest.raises(BadRequestError) as refused:
        async with connected(pool, within=5) as connection:
            await connection.execute("select 1 / 0")
    assert "zero" not in refused.value.detail
    with pytest.raises(BadRequestError, match="in our words"):
        async with connected(pool, within=5) as connection:
            await connection.execute(
                "do $$ begin raise exception 'in our words' using errcode = 'check_violation';"
                " end $$"
            )


@pytest.mark.usefixtures("clean")
async def test_a_full_redis_is_not_ready(
    api: httpx.AsyncClient, redis: Redis, settings: Settings
) -> None:
    assert (await api.get("/health/ready")).json()["status"] == "ready"
    await redis.config_set("maxmemory", "1")
    try:
        body = (await api.get("/health/ready")).json()
        assert (body["status"], body["degraded"]) == ("degraded", ["redis"])
        assert body["redis"]["detail"] == "its memory is full: it takes no events"
        down = msgspec.structs.replace(settings, database_url="postgresql://u@127.0.0.1:1/d")
        async with api_of(down) as alone:
            answer = await alone.get("/health/ready")
            assert (answer.status_code, answer.json()["status"]) == (503, "unready")
            assert answer.json()["database"]["detail"] == "the database does not answer"
    finally:
        await redis.config_set("maxmemory", "0")
