"""Editorial rules: what lists show is what a plain oracle says, and scores stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.profiles import examples
from tests.sql.oracle_editing import Edited, Rule, Thing, edited
from tests.sql.world import AS_OF, World

UNTIL = AS_OF + timedelta(days=3650)
LATER = AS_OF + timedelta(minutes=1)
TITLES = (
    "Fußball im Regen", "Crypto-Pump NOW!", "CRÝPTO for all", "A pump", "Cryptography",
    "pump crypto", "\N{FULLWIDTH LATIN CAPITAL LETTER C}rypto live", "",
)  # fmt: skip
TERMS = ("crypto", "Crypto pump", "PÚMP", "fußball", "graph")
RANKINGS = """
insert into core.ranking
    (name, formula, "window", half_life, options, size, segment_size, segments)
values
('r', 'top_count', '7d', null, '{"metric": "views"}', 6, 3, '{category,creator,language}'),
('s', 'weighted_decay', '7d', '1 day', '{}', 6, 3, '{category,creator,language}');
"""
name = st.sampled_from([None, "x", "y", "z"])


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[int, bool]]:
    """Some items, rules, and what reviews decided."""
    many = draw(st.integers(3, 22))
    items = [
        {
            "views": draw(st.integers(0, 6)),
            "title": draw(st.sampled_from(TITLES)),
            "creator": draw(name),
            "category": draw(name),
            "content_type": draw(st.sampled_from(["video", "video", "book"])),
            "language": draw(st.sampled_from([None, "en", "de-AT"])),
            "hours": draw(st.integers(1, 200)),
        }
        for _ in range(many)
    ]
    numbers = st.integers(1, many)
    rules = draw(st.lists(st.one_of(
        st.fixed_dictionaries({"kind": st.just("pin"), "item": numbers, "place": st.integers(1, 8),
                               "segment": st.sampled_from(["", "", "creator:x", "language:en"])}),
        st.fixed_dictionaries({"kind": st.just("feature"), "item": numbers,
                               "segment": st.sampled_from(["", "", "category:y"])}),
        st.fixed_dictionaries({"kind": st.just("block"), "subject": st.just("item"),
                               "item": numbers}),
        st.fixed_dictionaries({"kind": st.just("block"),
                               "subject": st.sampled_from(["creator", "category"]),
                               "value": st.sampled_from(["x", "q"])}),
        st.fixed_dictionaries({"kind": st.just("block"), "subject": st.just("term"),
                               "value": st.sampled_from(TERMS)}),
        st.fixed_dictionaries({"kind": st.just("only"), "subject": st.just("content_type"),
                               "value": st.sampled_from(["video", "book"])}),
        st.fixed_dictionaries({"kind": st.just("only"), "subject": st.just("language"),
                               "value": st.sampled_from(["en", "de"])}),
        st.fixed_dictionaries({"kind": st.just("cap"), "most": st.integers(1, 3),
                               "subject": st.sampled_from(["creator", "category"])}),
        st.fixed_dictionaries({"kind": st.just("hold"), "top": st.integers(1, 5)}),
        st.fixed_dictionaries({"kind": st.just("age"), "oldest": st.integers(50, 190)}),
        st.fixed_dictionaries({"kind": st.just("age"), "youngest": st.integers(2, 30)}),
    ), max_size=7))  # fmt: skip
    return items, rules, draw(st.dictionaries(numbers, st.booleans(), max_size=8))


@examples(45)
@given(scene=scenes())
async def test_lists_are_what_the_oracle_says(world: World, scene: Any) -> None:
    """Pins, features, blocks, gates, caps and holds together, in the whole list and its parts."""
    given_items, given_rules, decided = scene
    if not await world.settings("s"):
        await world.only()
        await world.execute(RANKINGS)
    await world.forget()
    things = [await thing(world, **values) for values in given_items]
    rules = [made for rule in given_rules if (made := await put(world, **rule)) is not None]
    for ranking in ("r", "s"):
        for number, is_approved in decided.items():
            await decide(world, number, is_approved, ranking=ranking)

    await world.run(forced=True)

    for ranking in ("r", "s"):
        natural = await unedited(world, ranking)
        found = await listed(world, ranking)
        for segment in natural.keys() | {""}:
            best = [things[number - 1] for number in natural.get(segment, [])]
            size = 6 if segment == "" else 3
            wanted = edited(best, things, rules, decided, segment=segment, size=size)
            assert found.get(segment, Edited()).order == wanted.order, (ranking, segment)
            assert found.get(segment, Edited()).pinned == wanted.pinned
            assert found.get(segment, Edited()).featured == wanted.featured
            if segment == "":
                assert await waiting(world, ranking) == wanted.held - decided.keys()
            for number, place in (await unedited_ranks(world, ranking, segment)).items():
                has_place = number in natural.get(segment, [])
                assert place == (natural[segment].index(number) + 1 if has_place else None)
    # The same again is the same again.
    again = await world.value("select count(*) from core.ranking_run")
    await world.run(LATER, forced=True)
    assert (
        await world.value(
            "select count(*) from core.ranking_run where ranking_id = "
            "(select ranking_id from core.ranking where name = 'r')"
        )
        * 2
        == again
    )


async def thing(
    world: World,
    *,
    views: int = 0,
    title: str = "",
    creator: str | None = None,
    category: str | None = None,
    content_type: str = "video",
    language: str | None = None,
    hours: int = 10,
) -> Thing:
    """Register an item with so many views now."""
    number = await world.item(
        f"i{len(world.items) + 1}",
        content_type=content_type,
        creator=creator,
        category=category,
        published_at=AS_OF - timedelta(hours=hours),
        attributes={} if language is None else {"language": language},
    )
    await world.execute("update core.item set title = %s where item_id = %s", title, number)
    if views:
        await world.happened(number, count=views)
    return Thing(
        item_id=number,
        title=title,
        creator=creator,
        category=category,
        content_type=content_type,
        language=language.split("-")[0] if language else None,
        age=timedelta(hours=hours),
    )


async def put(world: World, **rule: Any) -> Rule | None:
    """Make a rule for all rankings, or for `r` and `s`; None where it is refused."""
    number = await world.value("select count(*) from core.editorial_rule") + 1
    for_one = bool(rule.get("segment")) or rule.get("subject") == "item"
    body: dict[str, Any] = {"reason": "why"} | {
        key: value for key, value in rule.items() if key not in {"item", "oldest", "youngest"}
    }
    for key in ("oldest", "youngest"):
        if key in rule:
            body[key] = f"{rule[key]} hours 30 minutes"
    if "item" in rule:
        one = world.items[rule["item"] - 1]
        body |= {"contentId": f"i{rule['item']}", "contentType": one.content_type}
    if rule["kind"] in {"pin", "feature"}:
        body["until"] = UNTIL.isoformat()
    made = 0
    for ranking in ["r", "s"] if for_one else [None]:
        try:
            async with world.connection.transaction():
                made = await world.value(
                    "select api.put_rule(%s, %s, 'me', %s)",
                    f"rule-{number}-{ranking}", Jsonb(body | {"ranking": ranking}), AS_OF,
                )  # fmt: skip
        except psycopg.errors.CheckViolation:
            return None
    half = timedelta(minutes=30)
    return Rule(
        rule_id=made,
        kind=rule["kind"],
        segment=rule.get("segment", ""),
        subject=rule.get("subject"),
        value=rule.get("value"),
        item=rule.get("item"),
        place=rule.get("place"),
        most=rule.get("most"),
        top=rule.get("top"),
        oldest=timedelta(hours=rule["oldest"]) + half if "oldest" in rule else None,
        youngest=timedelta(hours=rule["youngest"]) + half if "youngest" in rule else None,
    )


async def decide(world: World, number: int, is_approved: bool, *, ranking: str = "r") -> None:
    one = world.items[number - 1]
    assert await world.value(
        "select api.decide_review(%s, %s, %s, %s, 'why', 'me', %s)",
        ranking, one.content_type, f"i{number}", is_approved, AS_OF,
    ) == number  # fmt: skip


async def unedited(world: World, ranking: str) -> dict[str, list[int]]:
    """Everything in the order of its scores, however long the lists are."""
    await world.execute("update core.ranking set size = 1000, segment_size = 1000")
    try:
        found = await world.ranked(ranking, AS_OF)
    finally:
        await world.execute("update core.ranking set size = 6, segment_size = 3")
    return {segment: [int(key) for _, key, _ in places] for segment, places in found.items()}


async def listed(world: World, ranking: str) -> dict[str, Edited]:
    """The lists of the newest run."""
    found: dict[str, Edited] = {}
    for segment, rank, item_id, pinned, featured in await world.rows(
        """
        select place.segment, place.rank, place.item_id, place.pinned, place.featured
        from api.latest_run as run
        inner join api.stored_place as place on run.run_id = place.run_id
        where run.ranking = %s
        order by place.segment, place.rank
        """,
        [ranking],
    ):
        one = found.setdefault(segment, Edited())
        one.order.append(item_id)
        assert rank == len(one.order)
        one.pinned |= {item_id} if pinned else set()
        one.featured |= {item_id} if featured else set()
    return found


async def unedited_ranks(world: World, ranking: str, segment: str) -> dict[int, int | None]:
    return dict(
        await world.rows(
            """
            select place.item_id, place.unedited_rank
            from api.latest_run as run
            inner join api.stored_place as place on run.run_id = place.run_id
            where run.ranking = %s and place.segment = %s
            """,
            [ranking, segment],
        )
    )


async def waiting(world: World, ranking: str) -> set[int]:
    rows = await world.rows(
        "select item_id from api.editorial_review where ranking = %s and is_approved is null",
        [ranking],
    )
    return {item_id for (item_id,) in rows}
