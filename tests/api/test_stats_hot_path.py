"""The layer in front of the router answers plain requests for stats as the router does."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from app.rankings.hot_path import HotPath
from app.settings import Settings
from app.stats.hot_path import StatsHotPath, items_of
from tests.api.conftest import hot_path_of
from tests.api.stats_stage import STATS
from tests.serving import api_of
from tests.sql.world import World
from tests.tokens import SECRET, signed_in

PLAIN = {"accept-encoding": "identity"}


def layer(app: HotPath) -> StatsHotPath:
    assert isinstance(app.then, StatsHotPath)
    return app.then


@pytest.fixture
async def items(world: World) -> None:
    for number, (name, kind) in enumerate(
        (("a", "video"), ("b.c-d_e~f", "video"), ("a", "movie")), start=1
    ):
        await world.happened(await world.item(name, content_type=kind), "view", number)


@pytest.mark.usefixtures("items")
@pytest.mark.parametrize(
    "path",
    [
        "/a",
        "/b.c-d_e~f",
        "/a?contentType=movie",
        "?ids=a,b.c-d_e~f,a,none",
        "?ids=a&contentType=movie",
    ],
)
async def test_it_answers_like_the_router(api: httpx.AsyncClient, path: str) -> None:
    await api.get(STATS + path)
    app = hot_path_of(api)
    served = layer(app).served.count
    transport = httpx.ASGITransport(app=app.edge)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as routed:
        for method in ("GET", "HEAD"):
            fast = await api.request(method, STATS + path, headers=PLAIN)
            slow = await routed.request(method, STATS + path, headers=PLAIN)
            assert (fast.status_code, fast.content) == (200, slow.content)
            assert sorted(fast.headers.items()) == sorted(slow.headers.items())
    assert layer(app).served.count == served + 2


@pytest.mark.usefixtures("items")
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/a?fields=viewsTotal", {}),
        ("/a?tz=Asia/Kolkata", {}),
        ("/-?contentId=a", {}),
        ("/%61", {"accept-encoding": "gzip"}),
        ("/none", {}),
        ("/a", {"origin": "https://example.org"}),
        ("/a", {"x-api-key": "not-a-key"}),
        ("/a?contentType=movie&contentType=video", {}),
        ("?ids=a,,a", {}),
        ("?ids=a&ids=a", {}),
        ("?ids=a&format=csv", {}),
        ("?ids=a", {"accept": "Text/CSV"}),
        ("?ids=a", {"accept": "application/jsonl"}),
    ],
)
async def test_all_else_is_left_to_the_router(
    api: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    await api.get(STATS + "/a")
    served = layer(hot_path_of(api)).served.count
    await api.get(STATS + path, headers={**PLAIN, **headers})
    assert layer(hot_path_of(api)).served.count == served


@pytest.mark.usefixtures("items")
async def test_whoever_says_who_they_are_is_the_router_s(settings: Settings) -> None:
    own = msgspec.structs.replace(
        settings,
        jwt_secret=SECRET,
        user_header="X-User",
        trusted_proxies="127.0.0.1",
    )
    async with api_of(own) as api:
        plain = await api.get(f"{STATS}/a", headers=PLAIN)
        assert "hasLiked" not in plain.json()
        for shown in (signed_in("ada"), {"x-user": "ada"}):
            answer = await api.get(f"{STATS}/a", headers={**PLAIN, **shown})
            assert answer.json()["hasLiked"] is False
            assert answer.headers["cache-control"] == "private, no-store"
    closed = msgspec.structs.replace(settings, require_keys="all")
    async with api_of(closed) as api:
        assert (await api.get(f"{STATS}/a", headers=PLAIN)).status_code == 401


def test_only_what_has_one_spelling_is_plain() -> None:
    assert items_of(f"{STATS}/a", "") == [("video", "a")]
    assert items_of(STATS, "ids=a,b&contentType=m") == [("m", "a"), ("m", "b")]
    for path, query in (
        (STATS, ""),
        (STATS, "ids="),
        (STATS, "ids=" + ",".join("a" * 501)),
        (STATS, "ids=" + "x" * 201),
        (STATS, "contentType=m&ids=a"),
        (f"{STATS}/", ""),
        (f"{STATS}/a/b", ""),
        (f"{STATS}/a%20b", ""),
        (f"{STATS}/" + "x" * 201, ""),
        (f"{STATS}/a", "contentType="),
        (f"{STATS}/a", "contentType=m&"),
        (f"{STATS}x/a", ""),
        (f"{STATS}xa", ""),
    ):
        assert items_of(path, query) == [], (path, query)
