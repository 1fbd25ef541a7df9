"""`GET` and `PATCH /admin/rankings/{name}`: what can be tuned, and tuning it (E4, E9)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.conftest import ADMIN, problem
from tests.sql.world import AS_OF, World

URL = "/admin/rankings/trending_24h"


@pytest.fixture
async def world(world: World) -> World:
    """Few rankings: a change touches no other."""
    await world.only("trending_24h")
    return world


async def settings(api: httpx.AsyncClient) -> Any:
    answer = await api.get(URL, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def change(api: httpx.AsyncClient, changes: object) -> Any:
    answer = await api.patch(URL, json=changes, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.usefixtures("world")
async def test_settings_tell_own_and_inherited_weights_apart(admin_api: httpx.AsyncClient) -> None:
    found = await settings(admin_api)
    assert (found["halfLife"], found["recentHalfLife"]) == (28800, 7200)
    assert found["likeWeight"] is None
    assert found["weightsInForce"] == {
        "view": 1, "like": 5, "comment": 3, "share": 4, "watchMinute": 0.1,
    }  # fmt: skip
    changed = await change(admin_api, {"likeWeight": 7.5, "size": 20})
    assert (changed["likeWeight"], changed["size"]) == (7.5, 20)
    assert changed["weightsInForce"]["like"] == 7.5
    assert await settings(admin_api) == changed
    assert (await change(admin_api, {"likeWeight": None, "size": 1000})) == found


@pytest.mark.parametrize(
    "changes",
    [
        {"viewWeight": 5, "likeWeight": 0},
        {"halfLife": "PT1H30M", "recentHalfLife": "PT1H"},
        {"contentType": "movie"},
        {"window": "7d", "size": 2},
        {
            "formula": "top_count", "options": {"metric": "likes"},
            "halfLife": None, "recentHalfLife": None,
        },
    ],
)  # fmt: skip
async def test_a_change_makes_what_its_preview_has_shown(
    ranked: World, admin_api: httpx.AsyncClient, changes: dict[str, object]
) -> None:
    would = (await admin_api.post(f"{URL}/preview", json=changes, headers=ADMIN)).json()
    await change(admin_api, changes)
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


@pytest.mark.usefixtures("world")
async def test_the_trail_says_who_changed_what_and_what_held_before(
    admin_api: httpx.AsyncClient,
) -> None:
    await change(admin_api, {"likeWeight": 9})
    (entry,) = (await admin_api.get("/admin/audit?limit=1", headers=ADMIN)).json()["entries"]
    assert (entry["action"], entry["who"]) == ("rankings.change", "admin key")
    assert entry["parameters"] == {"ranking": "trending_24h", "changes": {"like_weight": 9}}
    assert entry["outcome"]["before"]["likeWeight"] is None
    assert "size" not in entry["outcome"]["before"]


@pytest.mark.usefixtures("world")
async def test_the_trail_of_admins_at_once_has_no_gap(admin_api: httpx.AsyncClient) -> None:
    """What one has set is what the next one found."""
    weights = [float(weight) for weight in range(10, 18)]
    await asyncio.gather(*(change(admin_api, {"likeWeight": weight}) for weight in weights))
    trail = (await admin_api.get("/admin/audit?limit=8", headers=ADMIN)).json()["entries"]
    found = [entry["outcome"]["before"].get("likeWeight") for entry in trail]
    last = (await settings(admin_api))["likeWeight"]
    assert sorted(weight for weight in found if weight is not None) == [
        weight for weight in weights if weight != last
    ]
    assert found.count(None) == 1


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"[]", "expected an object"),
        (b'{"viewWeigth": 1}', "viewWeigth: no such field"),
        (b'{"halfLife": 1}', "half_life"),
        (b'{"viewWeight": -1}', "weights: use 0 to 1000000 points"),
        (b'{"formula": "magic"}', "use one of breakout"),
        (b'{"formula": "wilson"}', "half_life and recent_half_life belong to weighted_decay"),
        (b'{"enabled": false}', "enabled: no such field"),
    ],
)
async def test_nonsense_changes_nothing(
    admin_api: httpx.AsyncClient, body: bytes, detail: str
) -> None:
    before = await settings(admin_api)
    answer = await admin_api.patch(URL, content=body, headers=ADMIN)
    assert detail in await problem(answer, 400, "bad-request")
    assert await settings(admin_api) == before


@pytest.mark.usefixtures("world")
async def test_only_an_admin_looks_and_changes(admin_api: httpx.AsyncClient) -> None:
    for method in ("GET", "PATCH"):
        answer = await admin_api.request(method, URL)
        assert answer.status_code == 401
        unknown = await admin_api.request(
            method, "/admin/rankings/nobody", json={} if method == "PATCH" else None, headers=ADMIN
        )
        await problem(unknown, 404, "unknown-ranking")


@pytest.mark.usefixtures("world")
async def test_who_change_different_options_at_once_keep_both(
    admin_api: httpx.AsyncClient,
) -> None:
    """They were replaced whole: of two editors, the second took the first one's back."""
    await change(admin_api, {"formula": "minmax_hot", "halfLife": None, "recentHalfLife": None})
    named = (await settings(admin_api))["optionsInForce"]
    one, other = sorted(name for name, value in named.items() if isinstance(value, float))[:2]
    await asyncio.gather(
        change(admin_api, {"options": {one: 0.5}}), change(admin_api, {"options": {other: 0.25}})
    )
    assert (await settings(admin_api))["options"] == {one: 0.5, other: 0.25}
    # Null takes one away, and all of them.
    assert (await change(admin_api, {"options": {one: None}}))["options"] == {other: 0.25}
    assert (await change(admin_api, {"options": None}))["options"] == {}
    # Options of another formula do not come along.
    await change(admin_api, {"options": {other: 0.25}})
    liked = {"formula": "top_count", "options": {"metric": "likes"}}
    assert (await change(admin_api, liked))["options"] == {"metric": "likes"}


@pytest.mark.usefixtures("world")
async def test_nobody_overwrites_what_they_have_not_seen(admin_api: httpx.AsyncClient) -> None:
    seen = (await admin_api.get(URL, headers=ADMIN)).headers["etag"]
    await change(admin_api, {"likeWeight": 9})
    late = await admin_api.patch(URL, json={"likeWeight": 3}, headers={**ADMIN, "if-match": seen})
    await problem(late, 412, "changed-meanwhile")
    found = await admin_api.get(URL, headers=ADMIN)
    assert found.json()["likeWeight"] == 9
    for tag in (found.headers["etag"], f'"other", {found.headers["etag"]}', "*"):
        again = await admin_api.patch(
            URL, json={"likeWeight": 9}, headers={**ADMIN, "if-match": tag}
        )
        assert again.status_code == 200, again.text
        assert again.headers["etag"] == found.headers["etag"]
    entries = (await admin_api.get("/admin/audit?limit=10", headers=ADMIN)).json()["entries"]
    assert sum("no longer what it was" in (entry["error"] or "") for entry in entries) == 1
