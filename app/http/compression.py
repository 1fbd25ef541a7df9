"""Compressed answers: zstd or gzip, as the caller takes them, for bodies over a kilobyte."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from typing import Any, Literal

import zstandard
from litestar.types import Message, Send

LEAST = 1_024
"""Smaller bodies are not worth the caller's time, nor ours."""
Coding = Literal["zstd", "gzip"]
CODINGS: tuple[Coding, ...] = ("zstd", "gzip")
"""The best first, of those that callers and we have in common."""
_TEXTS = (
    b"application/json",
    b"application/problem+json",
    b"text/",
    b"application/vnd.oai.openapi",
    b"image/svg+xml",
    b"application/yaml",
)
_NOT_MODIFIED = 304
_GZIP_LEVEL = 5
_ZSTD_LEVEL = 3

Headers = list[tuple[bytes, bytes]]


def coding_of(accept_encoding: bytes) -> Coding | None:
    """Return the coding that an Accept-Encoding header asks for, None for the plain body."""
    accepted = set[str]()
    for part in accept_encoding.decode("latin-1").lower().split(",", 20)[:20]:
        name, _, parameters = part.partition(";")
        weight = parameters.replace(" ", "").removeprefix("q=") or "1"
        if weight.rstrip("0") not in {"", "0", "0.", "."}:
            accepted.add(name.strip())
    return next((coding for coding in CODINGS if coding in accepted), None)


def compress(body: bytes, coding: Coding) -> bytes:
    """Return the body in a coding."""
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)
    return gzip.compress(body, _GZIP_LEVEL, mtime=0)


def compressed_headers(
    headers: Iterable[tuple[bytes, bytes]], coding: Coding, size: int
) -> Headers:
    """Return the headers of a compressed body; its tag is a weak one, as it has other bytes."""
    changed: Headers = []
    for name, value in headers:
        if name == b"content-length":
            changed.append((name, b"%d" % size))
        elif name == b"etag" and not value.startswith(b"W/"):
            changed.append((name, b"W/" + value))
        else:
            changed.append((name, value))
    return [*changed, (b"content-encoding", coding.encode())]


class Compressed:
    """A `send` that compresses what comes in one piece, with its length, and is text."""

    def __init__(self, request: Any, send: Send) -> None:  # noqa: ANN401  # a scope
        self._request = request
        self._send = send
        self._start: Any = None

    async def __call__(self, message: Message) -> None:
        """Send a message, or keep the head until it is known what follows."""
        if message["type"] == "http.response.start" and b"content-length" in dict(
            message["headers"]
        ):
            self._start = message
            return
        if message["type"] == "http.response.start" and message["status"] == _NOT_MODIFIED:
            headers = with_vary(message["headers"], b"accept-encoding")
            message = {**message, "headers": headers}
        if self._start is not None and message["type"] == "http.response.body":
            start, self._start = self._start, None
            body = message.get("body", b"")
            if not message.get("more_body") and len(body) >= LEAST and _is_text(start):
                start, body = self._coded(start, body)
                message = {"type": "http.response.body", "body": body, "more_body": False}
            await self._send(start)
        await self._send(message)

    def _coded(self, start: Any, body: bytes) -> tuple[Any, bytes]:  # noqa: ANN401  # a message
        headers = with_vary(start["headers"], b"accept-encoding")
        given = dict(self._request["headers"]).get(b"accept-encoding", b"")
        coding = coding_of(given) if given else None
        if coding is not None:
            body = compress(body, coding)
            headers = compressed_headers(headers, coding, len(body))
        return {**start, "headers": headers}, body


def with_vary(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> Headers:
    """Return the headers with one more in Vary."""
    changed, varies = list[tuple[bytes, bytes]](), [name]
    for key, value in headers:
        if key == b"vary":
            varies.insert(0, value)
        else:
            changed.append((key, value))
    return [*changed, (b"vary", b", ".join(varies))]


def _is_text(start: Any) -> bool:  # noqa: ANN401  # a message
    headers = dict(start["headers"])
    kind = headers.get(b"content-type", b"")
    return b"content-encoding" not in headers and kind.startswith(_TEXTS)
