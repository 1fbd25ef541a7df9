"""A server that translates, over real HTTP: as LibreTranslate does, or as OpenAI does."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What to answer; a status of 0 breaks the connection off, one of -1 says nothing for ever."""

    status: int = 200
    body: bytes | None = None
    """None: the translation."""
    headers: str = ""


GOOD = Answer()
HANGING = Answer(-1)
Behaviour = Callable[[str], Answer]


class Provider:
    """Translates `text` into `target` as `target:TEXT`, unless it is to behave otherwise."""

    def __init__(self) -> None:
        self.behave: Behaviour = lambda _: GOOD
        self.asked = Counter[str]()
        self.given = Counter[tuple[str, str]]()
        """How often each text was translated into each language."""
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._answer(reader, writer):
                await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        wanted = json.loads(await reader.readexactly(int(headers["content-length"])))
        path = first.split(" ")[1]
        self.requests.append((path, headers, wanted))
        text, target = _meant(wanted)
        self.asked[text] += 1
        answer = self.behave(text)
        if answer.status == -1:
            await reader.read()
            return False
        if answer.status == 0:
            return False
        body = answer.body
        if body is None and answer.status == 200:
            self.given[text, target] += 1
            body = json.dumps(_translated(path, f"{target}:{text.upper()}")).encode()
        body = body or b"{}"
        writer.write(
            f"HTTP/1.1 {answer.status} Is\r\ncontent-length: {len(body)}\r\n{answer.headers}"
            "content-type: application/json\r\n\r\n".encode()
            + body
        )
        return True


def _meant(wanted: dict[str, Any]) -> tuple[str, str]:
    if "q" in wanted:
        return wanted["q"], wanted["target"]
    system, user = wanted["messages"]
    return user["content"], system["content"].split("into the language ")[1][:2]


def _translated(path: str, text: str) -> object:
    if path == "/translate":
        return {"translatedText": text}
    return {"choices": [{"message": {"role": "assistant", "content": text}}]}


@asynccontextmanager
async def serving() -> AsyncIterator[Provider]:
    provider = Provider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    provider.url = f"http://{host}:{port}"
    try:
        yield provider
    finally:
        server.close()
