"""A request's body: read within a limit, decompressed, decoded, with a reason where it is bad."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterable
from typing import Any, TypeVar

import msgspec
from litestar import Request

from app.errors import BadRequestError, TooLargeError
from app.http.reasons import reason_of

NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The JSON escape of U+0000, which no PostgreSQL text can hold."""
FAULTS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding a body raises."""

Given = TypeVar("Given")

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


async def body_of(request: Request[Any, Any, Any], *, limit: int) -> bytes:
    """Return a request's body as `read_body` does."""
    encoding = request.headers.get("content-encoding", "")
    return await read_body(request.stream(), encoding=encoding, limit=limit)


async def decoded(
    request: Request[Any, Any, Any], decoder: msgspec.json.Decoder[Given], *, limit: int
) -> Given:
    """Return a request's JSON body, decoded.

    Raises `BadRequestError`, naming field and fault, and what `read_body` raises.
    """
    return decoded_bytes(await body_of(request, limit=limit), decoder)


def decoded_bytes(body: bytes, decoder: msgspec.json.Decoder[Given]) -> Given:
    """Return a JSON body, decoded; raises `BadRequestError`, naming field and fault."""
    if NUL.search(body):
        raise BadRequestError("the body contains U+0000, which cannot be stored")
    try:
        return decoder.decode(body)
    except FAULTS as error:
        raise BadRequestError(reason_of(error, decoder.type)) from error
