"""A server of somebody else's, over real HTTP, that behaves as a test wants it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple, TypeVar


class Answer(NamedTuple):
    """What to answer; a status of 0 breaks the connection off, one of -1 says nothing for ever."""

    status: int = 200
    body: bytes | None = None
    """None: what the server says where it works."""
    headers: str = ""


GOOD = Answer()
HANGING = Answer(-1)


class Answering:
    """Takes JSON by POST; `answer` says what comes back."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.url = ""

    def answer(self, path: str, wanted: Any) -> Answer:
        """Return what is answered."""
        raise NotImplementedError

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
        answer = self.answer(path, wanted)
        if answer.status == -1:
            await reader.read()
            return False
        if answer.status == 0:
            return False
        body = answer.body or b"{}"
        writer.write(
            f"HTTP/1.1 {answer.status} Is\r\ncontent-length: {len(body)}\r\n{answer.headers}"
            "content-type: application/json\r\n\r\n".encode()
            + body
        )
        return True


Server = TypeVar("Server", bound=Answering)


@asynccontextmanager
async def served(answering: Server) -> AsyncIterator[Server]:
    """Run it on a port of its own."""
    server = await asyncio.start_server(answering.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    answering.url = f"http://{host}:{port}"
    try:
        yield answering
    finally:
        server.close()


def completion(text: str, **more: Any) -> bytes:
    """Return what a model of OpenAI's API answers."""
    message = {"role": "assistant", "content": text}
    return json.dumps({"choices": [{"message": message, **more}]}).encode()
