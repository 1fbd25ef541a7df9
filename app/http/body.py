"""A request's body: read within a limit, decompressed, decoded, with a reason where it is bad."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterable
from typing import Any, TypeVar

import msgspec
from litestar import Request

from app.errors import BadRequestError, TooLargeError
from app.http.lenient import decode
from app.http.reasons import reason_of

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""U+FEFF in UTF-8, which some editors and languages put before a text."""
_UTF_16 = {b"\xff\xfe", b"\xfe\xff"}
"""U+FEFF in UTF-16, which some shells write by themselves."""
MOST_MEMBERS = 1_000
"""Most parts of a gzip body, each with a header of its own; one is what everybody sends."""
MOST_CONTAINERS = 50_000
"""Most arrays and objects of a body: Python takes a microsecond for each, in which all wait."""
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*+\\u0000")
_PIECE = 16_384
FAULTS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding a body raises."""

Given = TypeVar("Given")

_GZIP = zlib.MAX_WBITS | 16


async def read_body(chunks: AsyncIterable[bytes], *, encoding: str, limit: int) -> bytes:
    """Return the whole body, decompressed.

    `limit` is in bytes and holds before and after decompression. Raises `TooLargeError` as soon as
    it is passed and `BadRequestError` for an encoding other than gzip or identity, and for text
    that is no UTF-8 from its first letter on.
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
            pass
        case "gzip" | "x-gzip":
            body = _gunzip(body, limit)
        case other:
            raise BadRequestError(f"Content-Encoding {other[:40]!r} is not known; gzip is")
    if b"\0" in body[:4] or body[:2] in _UTF_16:
        raise BadRequestError("the body is UTF-16 or UTF-32: send it as UTF-8")
    return body.removeprefix(BYTE_ORDER_MARK)


def _gunzip(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = position = 0
    member, members = zlib.decompressobj(_GZIP), 1
    # Fed piece by piece: what follows a member is copied with each of them.
    while position < len(body):
        if member.eof:
            member, members = zlib.decompressobj(_GZIP), members + 1
        if members > MOST_MEMBERS:
            raise BadRequestError(f"the gzip body has more than {MOST_MEMBERS} members")
        piece = body[position : position + _PIECE]
        try:
            part = member.decompress(piece, limit - size + 1)
        except zlib.error as error:
            raise BadRequestError(f"the body is not gzip: {error}") from error
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        position += len(piece) - len(member.unused_data)
    if body and not member.eof:
        raise BadRequestError("the gzip body ends too early")
    return b"".join(parts)


def check_containers(body: bytes) -> None:
    """Raise `TooLargeError` for JSON of too many parts; brackets in texts are counted with them."""
    if body.count(b"[") + body.count(b"{") > MOST_CONTAINERS:
        raise TooLargeError(f"the body has more than {MOST_CONTAINERS} arrays and objects")


def has_nul(body: bytes) -> bool:
    """Return whether JSON has the escape of U+0000, which no PostgreSQL text can hold."""
    return b"\\u0000" in body and _NUL.search(body) is not None


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
    """Return a JSON body, decoded.

    Raises `BadRequestError`, naming field and fault, and `TooLargeError`.
    """
    check_containers(body)
    if has_nul(body):
        raise BadRequestError("the body contains U+0000, which cannot be stored")
    try:
        return decode(body, decoder)
    except FAULTS as error:
        raise BadRequestError(reason_of(error, decoder.type)) from error
