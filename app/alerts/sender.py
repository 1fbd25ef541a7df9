"""One try to send a webhook."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import httpx
import msgspec

from app.alerts.destination import RefusedAddressError, Resolve, destination, resolver

CONNECT_SECONDS = 5.0
"""Longest time until a receiver has taken the connection."""
SEND_SECONDS = 10.0
"""Longest time until it has answered, from the look-up of its name on."""
MAX_ERROR = 500
_LOOKUPS = 32
_ASK_TO_WAIT = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FAULTS = (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, RefusedAddressError)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try."""

    status: int | None = None
    error: str | None = None
    """None: delivered."""
    retry_after: str | None = None
    """The header of that name, of an answer whose sender wants to be left alone for a while."""

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no more."""
        return self.status == httpx.codes.GONE


class Sender:
    """Sends webhooks: no redirect is followed, no answer's body is read, no proxy is asked."""

    def __init__(self, client: httpx.AsyncClient, resolve: Resolve, *, allow_private: bool) -> None:
        self._client = client
        self._resolve = resolve
        self._allow_private = allow_private

    async def send(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post `body` to `url`, and say what came of it, whatever the receiver does."""
        limit = asyncio.timeout(SEND_SECONDS)
        try:
            async with limit:
                response = await self._post(httpx.URL(url), headers, body)
        except _FAULTS as error:
            said = str(error) or type(error).__name__
            if limit.expired():
                said = f"no answer within {SEND_SECONDS:g} seconds"
            return Answer(error=said.replace("\x00", "")[:MAX_ERROR])
        if response.is_success:
            return Answer(status=response.status_code)
        return Answer(
            status=response.status_code,
            error=f"answered {response.status_code}",
            retry_after=response.headers.get("retry-after")
            if response.status_code in _ASK_TO_WAIT
            else None,
        )

    async def _post(
        self, url: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> httpx.Response:
        # As it is sent: httpx cannot show every name beginning with xn-- in letters.
        host = url.raw_host.decode("ascii")
        address = await destination(
            host,
            url.port or _DEFAULT_PORTS[url.scheme],
            resolve=self._resolve,
            allow_private=self._allow_private,
        )
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address),
            headers={
                "host": url.netloc.decode("ascii"),
                "content-type": "application/json",
                "user-agent": "Groundswell",
                **headers,
            },
            content=body,
            # The certificate must be that of the name, not of the address. It has no final dot.
            extensions={"sni_hostname": host.removesuffix(".")},
        )
        response = await self._client.send(request, stream=True)
        await response.aclose()
        return response


@asynccontextmanager
async def open_sender(
    *, allow_private: bool, resolve: Resolve | None = None, trust: ssl.SSLContext | None = None
) -> AsyncIterator[Sender]:
    """Make a sender; `trust` is whose certificates are believed, the usual ones by default."""
    # Connections are not kept: two names may share an address, and one must not get the other's.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    timeout = httpx.Timeout(SEND_SECONDS, connect=CONNECT_SECONDS)
    lookups = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="webhook lookup")
    client = httpx.AsyncClient(
        verify=trust or ssl.create_default_context(),
        limits=limits,
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
    )
    try:
        async with client:
            yield Sender(client, resolve or resolver(lookups), allow_private=allow_private)
    finally:
        # Without waiting for a name server that does not answer.
        lookups.shutdown(wait=False, cancel_futures=True)
