"""`/admin/rankings…`: who may, what would be, and what is made so now."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
import redis.asyncio

from app.redis_lock import acquire, hold
from app.routes.admin_rankings import LOCK
from app.settings import Settings
from tests.api.conftest import ADMIN, ADMIN_KEY, problem
from tests.engines import Home
from tests.eventually import eventually
from tests.lifespan import lifespan
from tests.sql.world import AS_OF, World

PREVIEW = "/admin/rankings/trending_24h/preview"
REFRESH = "/admin/rankings/refresh"


@pytest.fixture
async def ranked(world: World) -> World:
    """Four items: likes lead under the default weights, and shares and comments follow."""
    for name, type_, count in (
        ("liked", "like", 10), ("shared", "share", 11), ("talked", "comment", 12),
        ("seen", "view", 30),
    ):  # fmt: skip
        item = await world.item(name, content_type="movie" if name == "seen" else "video")
        await world.happened(item, type_, count)
    await world.run()
    return world


async def preview(api: httpx.AsyncClient, changes: object, **query: int) -> Any:
    answer = await api.post(PREVIEW, json=changes, params=query, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("path", [PREVIEW, REFRESH])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": f"Bearer {ADMIN_KEY}x"},
        {"authorization": f"Bearer {ADMIN_KEY[:-1]}"},
        {"authorization": f"Basic {ADMIN_KEY}"},
        {"authorization": "Bearer"},
        {"authorization": b"Bearer \xff"},
        {"authorization": ADMIN_KEY},
    ],
)
async def test_without_the_key_nothing_is_done(
    admin_api: httpx.AsyncClient, path: str, headers: Any
) -> None:
    answer = await admin_api.post(path, json={}, headers=headers)
    await problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.usefixtures("clean")
async def test_without_a_key_in_the_settings_admin_is_off(api: httpx.AsyncClient) -> None:
    for path in (PREVIEW, REFRESH):
        answer = await api.post(path, json={})
        assert "GROUNDSWELL_ADMIN_KEY" in await problem(answer, 403, "admin-disabled")


async def test_a_preview_shows_who_would_enter_leave_and_move(
    ranked: World, admin_api: httpx.AsyncClient
) -> None:
    run = await ranked.value("select max(run_id) from core.ranking_run")
    would = await preview(admin_api, {"viewWeight": 5, "likeWeight": 0}, limit=2)
    assert [
        (item["rank"], item["contentId"], item["currentRank"], item["moved"])
        for item in would["items"]
    ] == [(1, "seen", 4, 3), (2, "shared", 2, 0)]
    assert would["entering"] == would["items"][:1]
    assert [(item["rank"], item["contentId"]) for item in would["leaving"]] == [(None, "liked")]
    assert would["leaving"][0]["currentScore"] == pytest.approx(100)
    assert (would["moving"], would["asOf"]) == (0, "2026-03-15T12:00:00Z")
    assert await ranked.value("select max(run_id) from core.ranking_run") == run


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"viewWeight": 5, "shareWeight": 0.5}, "view_weight = 5, share_weight = 0.5"),
        ({"halfLife": "PT1H30M"}, "half_life = '90 minutes', recent_half_life = '1 hour'"),
        ({"halfLife": 5400}, "half_life = '90 minutes', recent_half_life = '1 hour'"),
        ({"contentType": "movie"}, "content_type = 'movie'"),
        ({"window": "7d", "size": 2}, "\"window\" = '7d', size = 2"),
        (
            {"formula": "top_count", "options": {"metric": "likes"}},
            "formula = 'top_count', options = '{\"metric\": \"likes\"}'",
        ),
    ],
)
async def test_a_preview_is_what_the_ranking_becomes(
    ranked: World, admin_api: httpx.AsyncClient, changes: dict[str, object], column: str
) -> None:
    if "halfLife" in changes:
        changes = {**changes, "recentHalfLife": "PT1H"}
    if "formula" in changes:
        nothing = {"halfLife": None, "recentHalfLife": None}
        changes, column = {**changes, **nothing}, column + ", half_life = null"
        column += ", recent_half_life = null"
    would = await preview(admin_api, changes)
    await ranked.execute(
        f"update core.ranking set {column} where name = 'trending_24h'"  # noqa: S608 - ours
    )
    await ranked.run(AS_OF)
    became = await ranked.rows(
        "select rank, content_id, score from api.ranking_entry inner join api.latest_run "
        "using (run_id) where latest_run.ranking = 'trending_24h' and segment = '' order by rank"
    )
    assert [(item["rank"], item["contentId"]) for item in would["items"]] == [
        (rank, name) for rank, name, _ in became
    ]
    assert [item["score"] for item in would["items"]] == pytest.approx(
        [score for _, _, score in became]
    )


async def test_a_preview_of_no_changes_moves_nothing(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
) -> None:
    would = await preview(admin_api, {})
    assert (would["entering"], would["leaving"], would["moving"]) == ([], [], 0)
    assert [item["currentRank"] for item in would["items"]] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the JSON ends too early"),
        (b"[]", "expected an object"),
        (b'{"viewWeigth": 1}', "viewWeigth: no such field"),
        (b'{"viewWeight": "1"}', "viewWeight: expected a number"),
        (b'{"halfLife": "8h"}', "halfLife: "),
        (b'{"halfLife": 1e300}', "halfLife: use 1 minute to 10 years"),
        (b'{"halfLife": 1}', "half_life"),
        (b'{"halfLife": -3600}', "half_life"),
        (b'{"viewWeight": -1}', "weights: use 0 to 1000000 points"),
        (b'{"formula": "magic"}', "use one of breakout"),
        (b'{"window": "2h"}', "use one of 1h, 24h"),
        (b'{"size": 0}', "size: expected a whole number >= 1"),
        (b'{"size": 3000000000}', "size: expected a whole number <= 10000"),
        (b'{"options": {"z": 1}}', "'z'"),
        (b'{"options": 1}', "options: expected an object"),
        (rb'{"contentType": "\u0000"}', "U+0000"),
        (b'{"name": "mine"}', "name: no such field"),
    ],
)
async def test_nonsense_is_refused_in_words_that_help(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
    body: bytes,
    detail: str,
) -> None:
    answer = await admin_api.post(PREVIEW, content=body, headers=ADMIN)
    assert detail in await problem(answer, 400, "bad-request")


async def test_a_preview_of_an_unknown_ranking_is_not_found(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
) -> None:
    answer = await admin_api.post("/admin/rankings/nobody/preview", json={}, headers=ADMIN)
    await problem(answer, 404, "unknown-ranking")


async def test_a_refresh_computes_every_ranking_now(
    ranked: World, admin_api: httpx.AsyncClient
) -> None:
    await ranked.execute("update core.ranking set enabled = false where name = 'best_rated'")
    await ranked.happened(4, "view", 1_000)
    answer = await admin_api.post(REFRESH, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    refreshed = {found["ranking"]: found for found in answer.json()["rankings"]}
    newest = {
        name: (run_id, places)
        for name, run_id, places in await ranked.rows(
            "select ranking, run_id, (select count(*) from api.snapshot_entries(run_id)) "
            "from api.latest_run"
        )
    }
    assert {name: (found["runId"], found["entries"]) for name, found in refreshed.items()} == newest
    assert "best_rated" not in refreshed
    # The events of this world are months old by now: only what has no window still holds them.
    assert newest["trending_all"][1] == 4
    assert all(found["error"] is None for found in refreshed.values())
    assert await ranked.value("select count(*) from core.score_feed") == 0
    assert await ranked.value(
        "select error is null and finished_at is not null and row_count = 1 from core.job_run "
        "order by job_run_id desc limit 1"
    )


async def test_a_ranking_that_fails_says_why_and_stops_no_other(
    ranked: World, admin_api: httpx.AsyncClient
) -> None:
    await ranked.execute("alter table core.ranking disable trigger ranking_sensible")
    try:
        await ranked.execute("update core.ranking set size = -1 where name = 'top_viewed'")
        answer = await admin_api.post(REFRESH, headers=ADMIN)
    finally:
        await ranked.execute("update core.ranking set size = 1000 where name = 'top_viewed'")
        await ranked.execute("alter table core.ranking enable trigger ranking_sensible")
    failed = [found for found in answer.json()["rankings"] if found["error"]]
    assert [(found["ranking"], found["isNew"]) for found in failed] == [("top_viewed", False)]
    assert "negative" in failed[0]["error"]
    assert failed[0]["entries"] == 1, "the last snapshot stays"
    assert len(answer.json()["rankings"]) > 10


async def test_a_refresh_and_the_scoring_job_never_run_at_once(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
    settings: Settings,
    home: Home,
) -> None:
    if home.name == "embedded":
        pytest.skip(
            "the embedded engine runs one call at a time, so a refresh waits instead: "
            "run with TEST_DATABASE_URL or Docker"
        )
    options: Any = {"autocommit": True, "prepare_threshold": None}
    async with await psycopg.AsyncConnection.connect(settings.database_url, **options) as other:
        await other.execute(
            "select pg_advisory_lock(hashtextextended('groundswell job run_rankings', 0))"
        )
        answer = await admin_api.post(REFRESH, headers=ADMIN)
        await problem(answer, 409, "already-running")
        assert int(answer.headers["retry-after"]) > 0
    assert (await admin_api.post(REFRESH, headers=ADMIN)).status_code == 200


async def test_two_refreshes_never_run_at_once(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
    redis: redis.asyncio.Redis,
) -> None:
    async with hold(redis, LOCK):
        answer = await admin_api.post(REFRESH, headers=ADMIN)
        await problem(answer, 409, "already-running")
        assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert (await admin_api.post(REFRESH, headers=ADMIN)).status_code == 200


async def test_the_lock_of_a_killed_process_runs_out(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
    redis: redis.asyncio.Redis,
) -> None:
    await acquire(redis, LOCK, seconds=0.5)
    answer = await admin_api.post(REFRESH, headers=ADMIN)
    await problem(answer, 409, "already-running")

    async def works() -> bool:
        return (await admin_api.post(REFRESH, headers=ADMIN)).status_code == 200

    assert await eventually(works)


@contextlib.asynccontextmanager
async def stopped_at_the_database(settings: Settings) -> AsyncIterator[None]:
    """Let no refresh end for as long as this lasts: what they write to is locked."""
    async with await psycopg.AsyncConnection.connect(
        settings.database_url, prepare_threshold=None
    ) as other:
        await other.execute("lock table core.ranking_run in exclusive mode")
        yield
        await other.rollback()


PROCESS = """
import asyncio, sys
import httpx, msgspec
from app.main import create_app
from app.settings import Settings

async def main():
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    app = create_app(settings)
    to_app, from_app = asyncio.Queue(), asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    life = asyncio.create_task(app(scope, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    await from_app.get()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://one.test") as client:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        headers = {"authorization": "Bearer " + settings.admin_key}
        answer = await client.post("/admin/rankings/refresh", headers=headers, timeout=60)
        print(answer.status_code, flush=True)
    await to_app.put({"type": "lifespan.shutdown"})
    await life

asyncio.run(main())
"""


async def test_of_eight_processes_that_ask_at_once_one_refreshes(
    ranked: World, settings: Settings
) -> None:
    """The one is held up at the database until the seven have their answers."""
    given = msgspec.json.encode(msgspec.structs.replace(settings, admin_key=ADMIN_KEY)).decode()
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROCESS, given,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(8)
    ]  # fmt: skip

    async def line(process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None
        while text := (await process.stdout.readline()).decode().strip():
            if text == "ready" or text.isdigit():
                return text
        raise AssertionError("it ended without an answer")

    assert await asyncio.gather(*map(line, processes)) == ["ready"] * 8
    before = await ranked.value("select count(*) from core.job_run where job = 'run_rankings'")
    async with stopped_at_the_database(settings):
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"\n")
        answers = [asyncio.create_task(line(process)) for process in processes]

        async def seven_know() -> bool:
            return sum(answer.done() for answer in answers) == 7

        assert await eventually(seven_know, within=30)
        assert [answer.result() for answer in answers if answer.done()] == ["409"] * 7
    assert sorted(await asyncio.gather(*answers)) == ["200"] + ["409"] * 7
    assert [await process.wait() for process in processes] == [0] * 8
    after = await ranked.value("select count(*) from core.job_run where job = 'run_rankings'")
    assert after == before + 1


async def test_without_redis_the_database_s_lock_will_do(
    ranked: World,  # noqa: ARG001
    settings: Settings,
    home: Home,
) -> None:
    from app.main import create_app  # noqa: PLC0415 - warnings are errors while this file loads

    app = create_app(
        msgspec.structs.replace(
            settings, admin_key=ADMIN_KEY, redis_url="redis://127.0.0.1:1/0", redis_timeout=0.5
        )
    )
    transport = httpx.ASGITransport(app=app)
    async with (
        lifespan(app),
        httpx.AsyncClient(transport=transport, base_url="http://groundswell.test") as client,
    ):
        assert (await client.post(REFRESH, headers=ADMIN)).status_code == 200
        if home.name == "embedded":
            return
        async with stopped_at_the_database(settings):
            asking = [asyncio.create_task(client.post(REFRESH, headers=ADMIN)) for _ in range(3)]

            async def others_know() -> bool:
                return sum(asked.done() for asked in asking) == 2

            assert await eventually(others_know)
        answers = await asyncio.gather(*asking)
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?ranking=hot", {"hot"}),
        ("?ranking=hot&ranking=top_viewed", {"hot", "top_viewed"}),
        (
            "?group=daily",
            {
                "hot_movie", "hot_tv", "hot_anime", "score_movie", "score_tv", "score_anime",
                "top_100",
            },
        ),
    ],
)  # fmt: skip
async def test_a_refresh_of_some_rankings(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
    query: str,
    expected: set[str],
) -> None:
    answer = await admin_api.post(REFRESH + query, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    found = {one["ranking"]: one["entries"] for one in answer.json()["rankings"]}
    assert found.keys() == expected
    assert found.get("hot_movie", 0) == 0, "the events of this world are months old by now"


async def test_a_refresh_of_what_cannot_be_refreshed(
    ranked: World, admin_api: httpx.AsyncClient
) -> None:
    await ranked.execute("update core.ranking set enabled = false where name = 'best_rated'")
    runs = await ranked.value("select count(*) from core.job_run")
    answer = await admin_api.post(f"{REFRESH}?ranking=hot&ranking=nobody", headers=ADMIN)
    assert "'nobody'" in await problem(answer, 404, "unknown-ranking")
    for query, detail in (
        ("?ranking=best_rated", "ranking best_rated is not enabled"),
        ("?group=hourly", "group: 'hourly' is none; use daily"),
        ("?ranking=", "ranking: use 1 to 200 characters"),
        ("?ranking=%00", "ranking: has a character that no name can have"),
    ):
        answer = await admin_api.post(REFRESH + query, headers=ADMIN)
        assert detail in await problem(answer, 400, "bad-request")
    assert await ranked.value("select count(*) from core.job_run") == runs


async def test_a_refresh_is_audited(ranked: World, admin_api: httpx.AsyncClient) -> None:
    await admin_api.post(f"{REFRESH}?ranking=trending_all", headers=ADMIN)
    await admin_api.post(f"{REFRESH}?ranking=nobody", headers=ADMIN)
    rows = await ranked.rows(
        "select who, action, parameters, outcome, error, ended_at >= began_at "
        "from core.audit order by audit_id"
    )
    assert rows == [
        (
            "admin key", "rankings.refresh", {"rankings": ["trending_all"], "group": None},
            {"entries": {"trending_all": 4}}, None, True,
        ),
        (
            "admin key", "rankings.refresh", {"rankings": ["nobody"], "group": None},
            None, "there is no ranking 'nobody'", True,
        ),
    ]  # fmt: skip


async def test_refreshes_at_once_all_end_in_an_answer(
    ranked: World, admin_api: httpx.AsyncClient
) -> None:
    answers = await asyncio.gather(*(admin_api.post(REFRESH, headers=ADMIN) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    assert await ranked.value("select count(*) from core.job_run where finished_at is null") == 0
