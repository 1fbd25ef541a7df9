"""A server that translates, over real HTTP: as LibreTranslate does, or as OpenAI does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.answering import GOOD, HANGING, Answer, Answering, completion, served

__all__ = ["GOOD", "HANGING", "Answer", "Behaviour", "Provider", "serving"]

Behaviour = Callable[[str], Answer]


class Provider(Answering):
    """Translates `text` into `target` as `target:TEXT`, unless it is to behave otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.behave: Behaviour = lambda _: GOOD
        self.asked = Counter[str]()
        self.given = Counter[tuple[str, str]]()
        """How often each text was translated into each language."""

    def answer(self, path: str, wanted: Any) -> Answer:
        text, target = _meant(wanted)
        self.asked[text] += 1
        answer = self.behave(text)
        if answer.body is None and answer.status == 200:
            self.given[text, target] += 1
            return answer._replace(body=_translated(path, f"{target}:{text.upper()}"))
        return answer


def _meant(wanted: dict[str, Any]) -> tuple[str, str]:
    if "q" in wanted:
        return wanted["q"], wanted["target"]
    system, user = wanted["messages"]
    return user["content"], system["content"].split("into the language ")[1][:2]


def _translated(path: str, text: str) -> bytes:
    if path == "/translate":
        return json.dumps({"translatedText": text}).encode()
    return completion(text)


@asynccontextmanager
async def serving() -> AsyncIterator[Provider]:
    async with served(Provider()) as provider:
        yield provider
