"""`GET /search`: what the catalogue has equals a look at all of it in Python."""

from __future__ import annotations

import random
import re

import httpx
import pytest

from tests.api.conftest import problem
from tests.sql.world import World

pytestmark = pytest.mark.usefixtures("clean")

WORDS = ["wave", "waves", "wavelet", "tide", "foam", "École", "海", "don't", "50%", "a_b", "C++"]
CREATORS = [None, "Ada Waverly", "Grace"]


async def titled(world: World, name: str, title: str | None, creator: str | None = None) -> int:
    item = await world.item(name, creator=creator)
    await world.execute("update core.item set title = %s where item_id = %s", title, item)
    return item


async def found(api: httpx.AsyncClient, text: str, limit: int = 100) -> list[str]:
    answer = await api.get("/search", params={"q": text, "limit": limit})
    assert answer.status_code == 200, answer.text
    return [item["contentId"] for item in answer.json()["items"]]


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


async def test_it_finds_the_beginnings_of_words(world: World, api: httpx.AsyncClient) -> None:
    chance = random.Random(3)  # noqa: S311  # no secret
    texts: dict[str, str] = {}
    for number in range(60):
        title = " ".join(chance.sample(["wave", "waves", "wavelet", "tide", "foam"], 2))
        creator = chance.choice(CREATORS)
        await titled(world, f"n{number}", title, creator)
        texts[f"n{number}"] = f"{title} {creator or ''}"
    for text in ("wav", "WAVES", "tide fo", "ada wave", "waver", "ave", "tide waves"):
        *whole, last = words_of(text)
        expected = {
            name
            for name, had in texts.items()
            if set(whole) <= set(words_of(had))
            and any(word.startswith(last) for word in words_of(had))
        }
        assert set(await found(api, text)) == expected, text


async def test_the_most_viewed_come_first_and_the_very_id_before_them(
    world: World, api: httpx.AsyncClient
) -> None:
    few = await titled(world, "few", "Wave one")
    many = await titled(world, "many", "Wave two")
    await titled(world, "wave", None)
    await titled(world, "wave-2", None)
    await world.happened(few, "view", 3)
    await world.happened(many, "view", 30)
    await world.run()
    assert (await found(api, "wave"))[:3] == ["wave", "many", "few"]
    assert await found(api, "wave", limit=2) == ["wave", "many"]
    assert "wave-2" in await found(api, "wave-")
    assert await found(api, "wave-2") == ["wave-2"]


async def test_whatever_is_typed_is_words(world: World, api: httpx.AsyncClient) -> None:
    for number, word in enumerate(WORDS):
        await titled(world, f"n{number}", f"about {word}")
    for number, word in enumerate(WORDS):
        assert f"n{number}" in await found(api, f"about {word}"), word
    for text in ("'", "' | 'a", "a & ! b :*", "(", "\\", "%", "_", "   ", "a:b", "x" * 200, "<->"):
        await found(api, text)


async def test_categories_and_types_are_those_of_the_catalogue(
    world: World, api: httpx.AsyncClient
) -> None:
    for number, category in enumerate(["Music", "Musicals", "Film music", "News", None]):
        await world.item(f"n{number}", category=category, content_type=f"type{number % 2}")
    every = (await api.get("/search")).json()
    assert every["items"] == []
    assert sorted(every["categories"]) == ["Film music", "Music", "Musicals", "News"]
    assert every["contentTypes"] == ["type0", "type1"]
    some = (await api.get("/search", params={"q": "MUSIC"})).json()
    assert some["categories"] == ["Music", "Musicals", "Film music"]
    assert some["contentTypes"] == []
    assert (await api.get("/search?limit=1&q=mus")).json()["categories"] == ["Music"]


async def test_an_excluded_item_is_found(world: World, api: httpx.AsyncClient) -> None:
    await titled(world, "bought", "Bought views")
    await world.execute("select api.exclude_item('video', 'bought', 'bots', 'me', now())")
    assert await found(api, "bought v") == ["bought"]


async def test_an_unchanged_answer_is_not_sent_again(world: World, api: httpx.AsyncClient) -> None:
    await titled(world, "n", "Wave")
    first = await api.get("/search?q=wave")
    again = await api.get("/search?q=wave", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_what_is_too_long_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.get("/search", params={"q": "x" * 201})
    assert await problem(answer, 400, "bad-request") == "q: use 0 to 200 characters"


async def test_the_index_finds_a_word_among_many(world: World) -> None:
    """A rare word is not looked for in every title."""
    await world.execute(
        "insert into core.item (content_type, external_id, title, published_at)"
        " select 'video', 'n' || n, 'word' || n % 997 || ' more', '2026-01-01'"
        " from generate_series(1, 20000) as n"
    )
    await world.execute("analyze core.item")
    plan = await world.rows(
        "explain select item_id from core.item where title is not null and"
        " to_tsvector('simple', coalesce(title, '') || ' ' || coalesce(creator, ''))"
        " @@ 'word42:*'::tsquery limit 1000"
    )
    assert any("item_worded" in line for (line,) in plan)
