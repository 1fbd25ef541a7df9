"""A request's body, made plain: its media type, its limit, its compression."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable

from app.errors import BadRequestError, TooLargeError

_GZIP = zlib.MAX_WBITS | 16


async def read_body(chunks: AsyncIterable[bytes], *, encoding: str, limit: int) -> bytes:
    """Return the whole body, decompressed.

    `limit` is in bytes and holds before and after decompression. Raises `TooLargeError` as soon as
    it is passed and `BadRequestError` for an encoding other than gzip or identity.
    """
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        parts.append(chunk)
    body = b"".join(parts)
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _gunzip(body, limit)
        case other:
            raise BadRequestError(f"Content-Encoding {other[:40]!r} is not known; gzip is")


def _gunzip(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while body:
        member = zlib.decompressobj(_GZIP)
        try:
            part = member.decompress(body, limit - size + 1)
        except zlib.error as error:
            raise BadRequestError(f"the body is not gzip: {error}") from error
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        if not member.eof:
            raise BadRequestError("the gzip body ends too early")
        parts.append(part)
        body = member.unused_data
    return b"".join(parts)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit} bytes")
