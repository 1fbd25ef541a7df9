"""`POST /admin/rankings/refresh`: every ranking, or some of them, made anew now."""

from __future__ import annotations

import httpx
import pytest

from tests.api.conftest import ADMIN, problem
from tests.sql.world import World

REFRESH = "/admin/rankings/refresh"


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
        ("?group=hourly", "group: 'hourly' is none of daily"),
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
