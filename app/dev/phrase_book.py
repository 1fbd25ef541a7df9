"""The demo's translator, where no real one is at hand: a book of its own few comments.

It speaks LibreTranslate's protocol, so that the way of a translation is the real one; it knows no
language at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec

ENGLISH = {
    "muy buen vídeo, gracias": "Very good video, thank you",
    "no puedo dejar de escuchar esta canción": "I cannot stop listening to this song",
    "Quelqu'un connaît le titre de cette chanson ?": "Does anybody know the title of this song?",
    "Le dernier épisode m'a vraiment fait pleurer": "The last episode really made me cry",
    "Das ist das Beste, was ich diese Woche gesehen habe": "This is the best I have seen this week",
    "Wann kommt endlich die nächste Folge?": "When will the next episode finally come?",
}
"""The demo's comments in other languages, and what they are in English."""


class _Wanted(msgspec.Struct):
    q: str
    target: str


@asynccontextmanager
async def open_phrase_book() -> AsyncIterator[str]:
    """Serve the book on a free port of this machine, and return its URL."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ValueError, IndexError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        wanted = msgspec.json.decode(await reader.readexactly(size), type=_Wanted)
        known = ENGLISH.get(wanted.q) if wanted.target == "en" else None
        status = "404 Not Found" if known is None else "200 OK"
        body = msgspec.json.encode({"translatedText": known})
        lines = f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", "", ""
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()
    writer.close()
