"""Answers: those that caches may keep, with their ETag, and those that they may not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection

AnyRequest = Request[Any, Any, Any]
AnyConnection = ASGIConnection[Any, Any, Any, Any]

MOST_TAGS = 100
"""Most tags of If-None-Match that are looked at: a cache has a few."""
_NEEDED = "groundswell_needed"


def note_needed(connection: AnyConnection, *headers: str) -> None:
    """Note that nobody gets this answer without one of these headers: keys, users' tokens."""
    needed: set[str] = connection.scope["state"].setdefault(_NEEDED, set())
    needed.update(headers)


def needed_of(connection: AnyConnection) -> list[str]:
    """Return what `note_needed` was told of this request, sorted."""
    needed: Iterable[str] = connection.scope["state"].get(_NEEDED, ())
    return sorted(needed)


def kept(
    request: AnyRequest,
    answer: msgspec.Struct | bytes,
    *,
    max_age: int,
    told_by: msgspec.Struct | None = None,
) -> Response[bytes]:
    """Answer with what a cache may keep for so many seconds; 304 to who has it already.

    `told_by` is what tells the answer from others, where that is not all of it.
    """
    body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
    etag = etag_of(body if told_by is None else msgspec.json.encode(told_by))
    headers = {"etag": etag, **cache_headers(request, f"max-age={max_age}")}
    if names_tag(request.headers.get("if-none-match", "").encode(), etag.encode()):
        return Response(b"", status_code=304, headers=headers, media_type=MediaType.JSON)
    return Response(body, headers=headers, media_type=MediaType.JSON)


def etag_of(body: bytes) -> str:
    """Return the tag of an answer, which no other bytes have."""
    return f'"{hashlib.blake2b(body, digest_size=9).hexdigest()}"'


def passing(
    request: AnyRequest,
    answer: msgspec.Struct | bytes,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    store: bool = True,
) -> Response[bytes]:
    """Answer with what is asked for anew each time.

    What needed a key or a user is never kept, nor what is of this moment only (`store` false).
    """
    body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
    is_kept = store and request.method == "GET" and not needed_of(request)
    word = "no-cache" if is_kept else "no-store"
    return Response(
        body,
        status_code=status,
        headers={**(headers or {}), **cache_headers(request, word)},
        media_type=MediaType.JSON,
    )


def cache_headers(request: AnyRequest, word: str) -> dict[str, str]:
    """Return Cache-Control, and Vary where the answer depends on who asks."""
    needed = needed_of(request)
    if not needed:
        is_public = request.method == "GET" and word != "no-store"
        return {"cache-control": f"public, {word}" if is_public else word}
    return {"cache-control": f"private, {word}", "vary": ", ".join(needed)}


def names_tag(if_none_match: bytes, etag: bytes) -> bool:
    """Tell whether an If-None-Match header names `etag` (RFC 9110 13.1.2: weakly compared)."""
    tags = (tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",", MOST_TAGS))
    return any(tag in (etag, b"*") for tag in tags)
