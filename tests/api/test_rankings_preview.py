"""`POST /admin/rankings/{name}/preview`: what would be under other settings."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import ADMIN, problem
from tests.sql.world import AS_OF, World
from tests.together import together

PREVIEW = "/admin/rankings/trending_24h/preview"


@pytest.fixture
async def world(world: World) -> World:
    """Few rankings: a preview reads no other than its own."""
    await world.only("trending_24h")
    return world


async def preview(api: httpx.AsyncClient, changes: object, **query: int) -> Any:
    answer = await api.post(PREVIEW, json=changes, params=query, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return answer.json()


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


@together(
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
