"""`/admin/rules` and `/admin/rankings/{name}/held`: what editors do, and what lists then show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import redis.asyncio

from app.rankings.publisher import Publisher
from app.runtime.pool import Pool
from app.settings import Settings
from app.top.publisher import TopPublisher
from tests.api.conftest import ADMIN, Stage, problem
from tests.api.top_stage import TopStage
from tests.serving import api_of, bearer, make_key
from tests.sql.oracle import Event
from tests.sql.world import World
from tests.together import together

pytestmark = pytest.mark.usefixtures("clean")

RULE = "/admin/rules/mine"
HELD = "/admin/rankings/trending_24h/held"
SOON = (datetime.now(UTC) + timedelta(days=2)).isoformat()
PIN: dict[str, Any] = {
    "kind": "pin", "ranking": "trending_24h", "contentId": "d", "place": 2, "until": SOON,
    "reason": "festival",
}  # fmt: skip


@pytest.fixture
async def edited(
    world: World,
    admin_api: httpx.AsyncClient,
    settings: Settings,
    pool: Pool,
    redis: redis.asyncio.Redis,
) -> Stage:
    """Items a to e of two creators, a the most viewed, as of now; an API with an admin key."""
    await world.only("trending_24h", "top_viewed")
    top = TopPublisher(pool=pool, redis=redis)
    publisher = Publisher(settings=settings, pool=pool, redis=redis, then=top.publish)
    stage = Stage(world, admin_api, publisher)
    for number, name in enumerate("abcde"):
        item = await world.item(name, creator="xy"[number % 2], category="ape")
        await world.insert([viewed(item, 10 - number)])
    await world.execute("update core.item set title = 'The ' || external_id")
    await stage.show(datetime.now(UTC))
    return stage


def viewed(item: int, count: int) -> Event:
    at = datetime.now(UTC) - timedelta(seconds=1)
    return Event(item=item, type="view", occurred_at=at, received_at=at, count=count)


async def put(stage: Stage, name: str = "mine", **rule: Any) -> dict[str, Any]:
    answer = await stage.api.put(
        f"/admin/rules/{name}", json={"reason": "why"} | rule, headers=ADMIN
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def explained(stage: Stage, name: str) -> dict[str, Any]:
    return await stage.get(f"/analytics/rankings/trending_24h/items/{name}")


async def test_a_pin_stands_at_its_place_says_so_and_goes_again(edited: Stage) -> None:
    made = await put(edited, **PIN)
    assert (made["kind"], made["place"], made["madeBy"]) == ("pin", 2, "admin key")
    assert await put(edited, **PIN) == made
    await edited.show(datetime.now(UTC))

    items = (await edited.get("/analytics/trending"))["items"]
    assert [(i["contentId"], i["pinned"], i["featured"]) for i in items] == [
        ("a", False, False), ("d", True, False), ("b", False, False), ("c", False, False),
        ("e", False, False),
    ]  # fmt: skip
    told = await explained(edited, "d")
    assert (told["rank"], told["rankWithoutRules"]) == (2, 4)
    assert told["edit"]["mark"] == "pinned"
    assert told["edit"]["words"].startswith("pinned at 2 until ")
    assert told["edit"]["words"].endswith(": festival")
    pushed = await explained(edited, "b")
    assert (pushed["rank"], pushed["rankWithoutRules"], pushed["edit"]) == (3, 2, None)
    assert told["score"] == pytest.approx(sum(part["points"] for part in told["components"]))

    lifted = await edited.api.delete(RULE, headers=ADMIN)
    assert lifted.json()["liftedBy"] == "admin key"
    await edited.show(datetime.now(UTC))
    assert await edited.ids("/analytics/trending") == list("abcde")
    rules = await edited.api.get("/admin/rules", headers=ADMIN)
    assert rules.json() == {"rules": []}
    rules = await edited.api.get("/admin/rules?over=true", headers=ADMIN)
    assert [rule["name"] for rule in rules.json()["rules"]] == ["mine"]
    trail = (await edited.api.get("/admin/audit", headers=ADMIN)).json()["entries"]
    assert [entry["action"] for entry in trail] == ["rules.lift", "rules.put", "rules.put"]


async def test_a_rule_acts_at_once_and_ends_by_itself(edited: Stage, pool: Pool) -> None:
    """Nobody has to run anything; and nobody has to lift a pin that is over."""
    await put(edited, **PIN)
    newest = (
        "select array_agg(content_id order by rank) from api.current_ranking where ranking = %s"
    )
    async with pool.connection() as connection:
        cursor = await connection.execute(f"{newest} and segment = ''", ["trending_24h"])
        assert (await cursor.fetchall())[0][0] == ["a", "d", "b", "c", "e"]
    later = datetime.now(UTC) + timedelta(days=2, minutes=1)
    await edited.world.execute("update core.ranking set schedule = '0 0 1 1 *'")
    await edited.world.execute(
        "update core.editorial_rule set until = %s", later - timedelta(days=3)
    )
    await edited.world.run(datetime.now(UTC))
    async with pool.connection() as connection:
        cursor = await connection.execute(f"{newest} and segment = ''", ["trending_24h"])
        assert (await cursor.fetchall())[0][0] == list("abcde")


async def test_what_is_blocked_capped_or_featured_tells_why(edited: Stage) -> None:
    await put(edited, "no-x", kind="cap", subject="creator", most=1)
    await put(edited, "star", kind="feature", contentId="e", until=SOON)
    await edited.show(datetime.now(UTC))
    items = (await edited.get("/analytics/trending"))["items"]
    assert [(i["contentId"], i["featured"]) for i in items] == [("e", True), ("b", False)]
    told = (await explained(edited, "a"))["edit"]
    assert told["mark"] == "capped"
    assert told["words"] == "capped: at most 1 of x stand in this list, and they do: why"
    assert (await explained(edited, "e"))["edit"]["mark"] == "featured"

    for name in ("no-x", "star"):
        await edited.api.delete(f"/admin/rules/{name}", headers=ADMIN)
    await put(edited, kind="block", subject="term", value="thé B")
    await edited.show(datetime.now(UTC))
    assert await edited.ids("/analytics/trending") == list("acde")
    told = (await explained(edited, "b"))["edit"]
    assert (told["mark"], told["words"]) == ("blocked", "blocked by 'thé B': why")
    assert told["until"] is None


async def test_what_is_new_in_the_top_waits_until_it_is_approved(edited: Stage) -> None:
    await put(edited, kind="hold", ranking="trending_24h", top=2)
    await edited.world.insert([viewed(5, 100), viewed(4, 50)])
    await edited.show(datetime.now(UTC))
    # Below those that stood in the top when reviews began, but not out of the list.
    assert await edited.ids("/analytics/trending") == ["a", "b", "e", "d", "c"]
    held = (await edited.api.get(HELD, headers=ADMIN)).json()
    assert (held["waiting"], [(i["contentId"], i["place"]) for i in held["items"]]) == (
        2, [("d", 2), ("e", 1)],
    )  # fmt: skip
    assert (await explained(edited, "e"))["edit"]["words"] == (
        "held for review: new among the first 2: why"
    )
    metrics = (await edited.api.get("/metrics")).text
    assert 'groundswell_ranking_reviews_waiting{ranking="trending_24h"} 2.0' in metrics

    for name, approved in (("e", True), ("d", False)):
        answer = await edited.api.put(
            f"{HELD}/{name}", json={"approved": approved, "reason": "seen"}, headers=ADMIN
        )
        assert (answer.json()["approved"], answer.json()["decidedBy"]) == (approved, "admin key")
    await edited.show(datetime.now(UTC))
    assert await edited.ids("/analytics/trending") == ["e", "a", "b", "c"]
    assert (await explained(edited, "d"))["edit"]["mark"] == "refused"
    refused = (await edited.api.get(f"{HELD}?state=refused", headers=ADMIN)).json()
    assert (refused["waiting"], [i["contentId"] for i in refused["items"]]) == (0, ["d"])
    # And decided again.
    await edited.api.put(f"{HELD}/d", json={"approved": True}, headers=ADMIN)
    await edited.show(datetime.now(UTC))
    assert await edited.ids("/analytics/trending") == ["e", "d", "a", "b", "c"]


async def test_a_live_top_list_follows_rules_and_events_at_once(
    world: World, api: httpx.AsyncClient, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    """Between two runs: the order is that of the counts of now, and of the rules of now."""
    await world.only("top_viewed", "top_creators")
    stage = TopStage(world, api, pool, redis)
    await stage.items("x", "x", "y", "z")
    now = datetime.now(UTC)
    await stage.write([event(item, count, now) for item, count in ((1, 9), (2, 8), (3, 7), (4, 1))])
    await world.run(now, forced=True)
    for name, rule in (
        ("cap", '{"kind": "cap", "subject": "creator", "most": 1, "reason": "r"}'),
        (
            "pin",
            f'{{"kind": "pin", "contentId": "d", "place": 1, "until": "{SOON}", "reason": "r"}}',
        ),
        ("no-y", '{"kind": "block", "subject": "creator", "value": "y", "reason": "r"}'),
    ):
        await world.execute("select api.put_rule(%s, %s::jsonb, 'me', now())", name, rule)
    stage.now += 10
    await stage.publish()
    assert await stage.shown("top_viewed") == [("d", 1), ("a", 9)]

    await stage.write([event(2, 5, now), event(4, 2, now)])
    await stage.flush()
    assert await stage.shown("top_viewed") == [("d", 3), ("b", 13)]
    answer = (await api.get("/analytics/top/viewed?limit=1")).json()
    assert (answer["total"], answer["items"][0]["pinned"]) == (2, True)
    assert (await api.get("/analytics/top/viewed?offset=1")).json()["items"][0]["rank"] == 2
    ids = await redis.zrevrange("gs:{top}:ids:top_viewed", 0, -1)
    await stage.publish()
    ids = await redis.zrevrange("gs:{top}:ids:top_viewed", 0, -1)
    assert ids == [b"video:d", b"video:b"]


def event(item: int, count: int, at: datetime) -> Event:
    return Event(item=item, type="view", occurred_at=at, received_at=at, count=count)


async def test_a_pin_needs_no_score_and_is_explained(edited: Stage) -> None:
    await edited.api.put("/items", json={"contentId": "new"}, headers=ADMIN)
    await put(edited, **PIN | {"contentId": "new", "place": 1})
    await edited.show(datetime.now(UTC))
    assert await edited.ids("/analytics/trending") == ["new", *"abcde"]
    told = await explained(edited, "new")
    assert (told["rank"], told["rankWithoutRules"], told["score"]) == (1, None, 0)


@together(
    ("change", "detail"),
    [
        ({"contentId": "q"}, "contentId: no video has the id 'q'"),
        ({"ranking": "q"}, "ranking: no ranking is called 'q'"),
        ({"place": 0}, "place: use 1 to 100"),
        ({"place": None}, "place: missing; a pin needs it"),
        ({"until": None}, "until: missing; a pin needs it"),
        ({"until": "2020-01-01T00:00:00Z"}, "until: it is over already"),
        ({"until": "2020-01-01T00:00:00"}, "until: expected"),
        ({"most": 2}, "most: a pin has none"),
        ({"kind": "glue"}, "kind: "),
        ({"segment": "category:Music"}, "segment: the item does not belong to category:Music"),
        ({"segment": "colour:red"}, "segment: use category:…"),
        ({"segment": "creator:x"}, "segment: trending_24h is not ranked in such parts"),
        ({"reason": ""}, "reason: "),
        ({"by": "me"}, "by: no such field"),
        ({"contentId": "e"}, "contentId: it is excluded: spam"),
        ({"kind": "block", "subject": "creator", "place": None, "until": None, "contentId": None},
         "value: missing"),
        ({"kind": "block", "subject": "item", "place": None, "until": None, "ranking": None},
         "ranking: missing; to take an item out of all rankings, exclude it"),
        ({"kind": "block", "subject": "term", "value": "!?", "place": None, "contentId": None},
         "value: a term needs a letter or a digit"),
        ({"kind": "cap", "subject": "term", "most": 2, "place": None, "contentId": None},
         "subject: use creator or category"),
        ({"kind": "age", "place": None, "contentId": None}, "oldest: missing"),
        ({"kind": "age", "oldest": "PT1S", "place": None, "contentId": None},
         "oldest: use 1 minute or more"),
        ({"kind": "hold", "top": 0, "place": None, "contentId": None}, "top: use 1 to 1000"),
    ],
)  # fmt: skip
async def test_nonsense_is_refused_in_words(
    edited: Stage, change: dict[str, Any], detail: str
) -> None:
    await edited.world.execute(
        "select api.exclude_item('video', 'e', 'spam', 'me', now()) where %s", "e" in str(change)
    )
    answer = await edited.api.put(RULE, json=PIN | change, headers=ADMIN)
    assert detail in await problem(answer, 400, "bad-request")


async def test_a_pin_of_another_type_or_at_a_taken_place_is_refused(edited: Stage) -> None:
    await put(edited, **PIN)
    answer = await edited.api.put(
        "/admin/rules/yours", json=PIN | {"contentId": "a"}, headers=ADMIN
    )
    assert await problem(answer, 400, "bad-request") == (
        "place: rule mine has pinned another item there"
    )
    await edited.world.execute("update core.ranking set content_type = 'movie'")
    answer = await edited.api.put(
        "/admin/rules/yours", json=PIN | {"contentId": "a", "place": 3}, headers=ADMIN
    )
    assert await problem(answer, 400, "bad-request") == (
        "contentType: trending_24h ranks movie, not video"
    )


async def test_an_excluded_or_erased_item_leaves_its_pin(edited: Stage) -> None:
    await put(edited, **PIN)
    await edited.world.execute("select api.exclude_item('video', 'd', 'spam', 'me', now())")
    await edited.show(datetime.now(UTC))
    assert await edited.ids("/analytics/trending") == ["a", "b", "c", "e"]
    await edited.world.execute("select api.erase_item(4, false, now())")
    (rule,) = (await edited.api.get("/admin/rules?over=true", headers=ADMIN)).json()["rules"]
    assert (rule["reason"], rule["liftedBy"], rule["name"][:7]) == ("erased", "erasure", "erased-")


async def test_only_an_admin_edits(settings: Settings, pool: Pool) -> None:
    key = bearer(await make_key(pool, "read", "write"))
    async with api_of(settings) as api:
        for method, path in (
            ("get", "/admin/rules"), ("get", RULE), ("put", RULE), ("delete", RULE),
            ("get", HELD), ("put", f"{HELD}/a"),
        ):  # fmt: skip
            answer = await api.request(method, path, content=b"{}", headers=key)
            await problem(answer, 403, "forbidden")


async def test_what_is_not_there_is_not_found(admin_api: httpx.AsyncClient) -> None:
    for method in ("get", "delete"):
        answer = await admin_api.request(method, RULE, headers=ADMIN)
        assert await problem(answer, 404, "unknown-rule") == "no rule is called 'mine'"
    answer = await admin_api.get("/admin/rankings/q/held", headers=ADMIN)
    await problem(answer, 404, "unknown-ranking")
    answer = await admin_api.put(f"{HELD}/q", json={"approved": True}, headers=ADMIN)
    assert await problem(answer, 404, "unknown-item") == "no video has the id 'q'"


async def test_a_part_by_language_is_a_list(edited: Stage) -> None:
    """What the catalogue's attribute `language` says; `en-GB` is `en`."""
    for name, language in (("a", "en-GB"), ("c", "en"), ("d", "no language"), ("e", "de")):
        await edited.api.put(
            "/items", json={"contentId": name, "attributes": {"language": language}}, headers=ADMIN
        )
    await edited.world.execute("update core.ranking set segments = '{language}' where size > 0")
    await edited.show(datetime.now(UTC))
    path = "/analytics/rankings/trending_24h"
    assert await edited.ids(path, segment="language:en") == ["a", "c"]
    assert await edited.ids(path, segment="language:de") == ["e"]
    assert (await edited.get(path, segment="language:en"))["segment"] == "language:en"
    await put(edited, kind="only", subject="language", value="de")
    await edited.show(datetime.now(UTC))
    assert await edited.ids("/analytics/trending") == ["e"]
