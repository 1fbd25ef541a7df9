"""docs/comments.md: its curls, in their order, give what they show."""

from __future__ import annotations

import json

import httpx

from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.reference import PAGE, Example, fits, read_examples, request
from tests.comments.provider import Answer, Provider
from tests.comments.stage import translating
from tests.eventually import eventually
from tests.tokens import token


async def test_the_page_tells_the_truth(
    api: httpx.AsyncClient, translated: Settings, pool: Pool, provider: Provider
) -> None:
    page = PAGE.with_name("comments.md")
    *before, last = read_examples(page)
    assert len(before) + 1 == page.read_text().count("\ncurl ") == 3
    english = last.answer["items"][0]["translatedText"]
    provider.behave = lambda _: Answer(200, json.dumps({"translatedText": english}).encode())
    for example in before:
        assert await is_so(api, example)

    async def is_there() -> bool:
        return await is_so(api, last)

    async with translating(translated, pool):
        await eventually(is_there)


async def is_so(api: httpx.AsyncClient, example: Example) -> bool:
    variables = {"URL": "http://localhost", "TOKEN": token("ada")}
    answer = await api.request(**request(example.command, variables))
    assert answer.status_code == example.status, answer.text
    return set(answer.json()) == set(example.answer) and fits(example.answer, answer.json())
