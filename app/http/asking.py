"""Asking a provider of an operator's choice over HTTP: JSON there and back, within bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import httpx
import msgspec

from app.http.retry_after import seconds_asked

MAX_ANSWER = 200_000
"""Most bytes of an answer that are read."""

Answer = TypeVar("Answer")


class ProviderError(Exception):
    """A provider gave no answer that can be used.

    `status` is that of its answer, where it was none of success, and `retry_after` the seconds that
    it asks for. `is_garbage`: it answered, with something else than was asked for.
    """

    def __init__(
        self,
        why: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        is_garbage: bool = False,
        is_cut: bool = False,
    ) -> None:
        super().__init__(why)
        self.status = status
        self.retry_after = retry_after
        self.is_garbage = is_garbage
        self.is_cut = is_cut


def provider_client(*, timeout: float) -> httpx.AsyncClient:
    """Return a client that follows no redirect and asks no proxy of the environment."""
    return httpx.AsyncClient(
        timeout=timeout, trust_env=False, headers={"user-agent": "Groundswell"}
    )


async def asked(
    client: httpx.AsyncClient,
    url: str,
    wanted: object,
    kind: type[Answer],
    headers: dict[str, str] | None = None,
) -> Answer:
    """Post JSON and return what is answered; raises `ProviderError`, whatever goes wrong.

    The time of the client is for each read: the caller bounds the whole.
    """
    body = bytearray()
    try:
        async with client.stream(
            "POST",
            url,
            content=msgspec.json.encode(wanted),
            headers={"content-type": "application/json", **(headers or {})},
        ) as response:
            if not response.is_success:
                header = response.headers.get("retry-after")
                raise ProviderError(
                    f"answered {response.status_code}",
                    status=response.status_code,
                    retry_after=seconds_asked(header, now=datetime.now(UTC)),
                )
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MAX_ANSWER:
                    raise ProviderError(
                        f"answered with more than {MAX_ANSWER} bytes", is_garbage=True
                    )
        return msgspec.json.decode(body, type=kind)
    except httpx.LocalProtocolError as error:
        # Its text would repeat the key, which is told to logs and to a table.
        raise ProviderError("the key cannot stand in a header") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
        raise ProviderError(str(error) or type(error).__name__) from error
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ProviderError(f"answered with something else: {error}", is_garbage=True) from error
