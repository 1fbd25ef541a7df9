"""`/admin/rankings…`: who may, what would be, and what is made so now."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import psycopg
import pytest

from app.settings import Settings
from tests.api.conftest import ADMIN, ADMIN_KEY, problem
from tests.engines import Home
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


async def test_two_refreshes_never_run_at_once(
    ranked: World,  # noqa: ARG001
    admin_api: httpx.AsyncClient,
    settings: Settings,
    home: Home,
) -> None:
    if home.name == "embedded":
        pytest.skip("the embedded engine's clients share one session: its locks exclude nobody")
    options: Any = {"autocommit": True, "prepare_threshold": None}
    async with await psycopg.AsyncConnection.connect(settings.database_url, **options) as other:
        await other.execute(
            "select pg_advisory_lock(hashtextextended('groundswell job run_rankings', 0))"
        )
        answer = await admin_api.post(REFRESH, headers=ADMIN)
        await problem(answer, 409, "already-running")
        assert int(answer.headers["retry-after"]) > 0
    assert (await admin_api.post(REFRESH, headers=ADMIN)).status_code == 200


async def test_refreshes_at_once_all_end_in_an_answer(
    ranked: World, admin_api: httpx.AsyncClient
) -> None:
    answers = await asyncio.gather(*(admin_api.post(REFRESH, headers=ADMIN) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    assert await ranked.value("select count(*) from core.job_run where finished_at is null") == 0
