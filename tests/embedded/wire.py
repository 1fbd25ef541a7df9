"""A PostgreSQL client of a few lines, for what real clients never do."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit


def message(kind: str, body: bytes = b"") -> bytes:
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


def text(*values: str) -> bytes:
    return b"".join(value.encode() + b"\0" for value in values)


def query(sql: str) -> bytes:
    return message("Q", text(sql))


def parse(name: str, sql: str) -> bytes:
    return message("P", text(name, sql) + struct.pack("!h", 0))


def bind(portal: str, name: str) -> bytes:
    return message("B", text(portal, name) + struct.pack("!hhh", 0, 0, 0))


def execute(portal: str = "") -> bytes:
    return message("E", text(portal) + struct.pack("!i", 0))


SYNC = message("S")
FLUSH = message("H")
TERMINATE = message("X")


def startup(**parameters: str) -> bytes:
    pairs = {"user": "postgres", "database": "postgres"} | parameters
    body = struct.pack("!i", 196608) + text(*(word for pair in pairs.items() for word in pair))
    return struct.pack("!i", len(body) + 5) + body + b"\0"


@dataclass
class Answer:
    kind: str
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        """The fields of an error."""
        return {part[:1].decode(): part[1:].decode() for part in self.body.split(b"\0") if part}


class RawClient:
    """One socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, url: str) -> RawClient:
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    @classmethod
    async def connected(cls, url: str, **parameters: str) -> RawClient:
        client = await cls.open(url)
        client.writer.write(startup(**parameters))
        await client.until_ready()
        return client

    async def read(self) -> Answer:
        header = await asyncio.wait_for(self.reader.readexactly(5), 20)
        length = struct.unpack("!i", header[1:])[0]
        return Answer(header[:1].decode(), await self.reader.readexactly(length - 4))

    async def until_ready(self) -> list[Answer]:
        """The answers up to and with ReadyForQuery."""
        return await self.until("Z")

    async def until(self, kind: str) -> list[Answer]:
        answers = [await self.read()]
        while answers[-1].kind != kind:
            answers.append(await self.read())
        return answers

    async def ask(self, *messages: bytes) -> list[Answer]:
        self.writer.write(b"".join(messages))
        return await self.until_ready()

    async def ended(self) -> bool:
        """Whether the server has closed the connection, after anything it still had to say."""
        await asyncio.wait_for(self.reader.read(), 20)
        return self.reader.at_eof()

    async def close(self) -> None:
        self.writer.close()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)


def kinds(answers: list[Answer]) -> str:
    """The answers' types, in order, without notices and parameters."""
    return "".join(answer.kind for answer in answers if answer.kind not in "NS")
