"""The object store: addresses to put objects to, and what is there."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

import httpx
import msgspec
import structlog

from app.errors import UnavailableError
from app.http.retry_after import seconds_asked
from app.settings import Settings
from app.uploads.signature import Signer

OWN_SECONDS = 60
"""For how long the addresses hold that we ask ourselves."""
MOST_WAIT = 300.0
"""Longest Retry-After of the store that is passed on, in seconds."""

log = structlog.get_logger(__name__)


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """What the store says of an object."""

    size: int
    digest: bytes | None
    """Its SHA-256, as the store has computed it; None where it does not know."""


class Store:
    """One bucket, asked over HTTP; path-style, which every S3-compatible store understands."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self._client = client
        self._seconds = settings.upload_store_seconds
        self._signer = Signer(
            access_key=settings.upload_access_key or "",
            secret_key=settings.upload_secret_key or "",
            region=settings.upload_region,
        )
        own = settings.upload_store_url or ""
        self._own = _base(own, settings.upload_bucket)
        self._public = _base(settings.upload_public_url or own, settings.upload_bucket)

    def put_url(self, key: str, *, headers: Mapping[str, str], seconds: int, now: datetime) -> str:
        """Return where anybody may put the object for so long, with these headers."""
        url = f"{self._public}/{quote(key)}"
        return self._signer.signed("PUT", url, headers=headers, seconds=seconds, now=now)

    async def find(self, key: str) -> StoredObject | None:
        """Return what is there; None: nothing.

        Raises `UnavailableError` where the store is down, too slow, or answers something else.
        """
        answer = await self._ask("HEAD", key, {"x-amz-checksum-mode": "ENABLED"})
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        if answer.status_code != HTTPStatus.OK:
            raise _refused(answer)
        size = answer.headers.get("content-length", "")
        if not (size.isascii() and size.isdecimal()):
            raise _not_a_store("says nothing of the size")
        return StoredObject(
            size=int(size), digest=_digest(answer.headers.get("x-amz-checksum-sha256"))
        )

    async def remove(self, key: str) -> None:
        """Remove the object, if it is there; raises `UnavailableError`."""
        answer = await self._ask("DELETE", key, {})
        if not answer.is_success and answer.status_code != HTTPStatus.NOT_FOUND:
            raise _refused(answer)

    async def _ask(self, method: str, key: str, headers: dict[str, str]) -> httpx.Response:
        url = self._signer.signed(
            method,
            f"{self._own}/{quote(key)}",
            headers=headers,
            seconds=OWN_SECONDS,
            now=datetime.now(UTC),
        )
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream(method, url, headers=headers) as answer,
            ):
                # Its head says all; of a body nobody knows the length.
                return answer
        except TimeoutError:
            failure = f"gave no answer within {self._seconds:g} seconds"
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            log.warning("the store of uploads failed", error=type(error).__name__)
            failure = "does not answer" if isinstance(error, httpx.TransportError) else "is no URL"
            if isinstance(error, httpx.ProtocolError):
                failure = "answers with something that is not HTTP"
        raise UnavailableError(f"the store of uploads {failure}")


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store | None]:
    """Open the store of the settings; nothing is connected yet. None where they name none."""
    if settings.upload_store_url is None:
        yield None
        return
    # No redirect is followed, and no proxy of the environment asked.
    async with httpx.AsyncClient(
        timeout=settings.upload_store_seconds,
        trust_env=False,
        headers={"user-agent": "Groundswell"},
    ) as client:
        yield Store(settings, client)


def _base(url: str, bucket: str | None) -> str:
    """Return the address of a bucket, its host as clients send it: it is signed with the rest."""
    return f"{str(httpx.URL(url)).rstrip('/')}/{quote(bucket or '', safe='')}"


def base64_of(digest: bytes) -> str:
    """Return a digest as headers have it."""
    return base64.b64encode(digest).decode()


def _digest(header: str | None) -> bytes | None:
    """Return a SHA-256 out of a header; raises `UnavailableError` for what is none."""
    if header is None:
        return None
    try:
        found = base64.b64decode(header, validate=True)
    except ValueError:
        found = b""
    # Of an object put in parts it is a digest of digests, with their number behind.
    if len(found) != 32:
        raise _not_a_store("names a SHA-256 that is none")
    return found


def _refused(answer: httpx.Response) -> UnavailableError:
    status = answer.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        asked = seconds_asked(answer.headers.get("retry-after"), now=datetime.now(UTC))
        return UnavailableError(
            f"the store of uploads answers {status}",
            retry_after=None if asked is None else min(asked, MOST_WAIT),
        )
    # Waiting mends none of these: the keys, the clock, the bucket's region, or what we have sent.
    log.error("the store of uploads refuses us", status=status)
    return UnavailableError(f"the store of uploads refuses us with {status}")


def _not_a_store(what: str) -> UnavailableError:
    log.error("the store of uploads is none", fault=what)
    return UnavailableError(f"the store of uploads {what}")
