"""What a request to record events tells of who sends it."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import State

from app.access.address import Clients, subscriber
from app.access.bounds import OPEN
from app.access.caller import Caller
from app.access.viewers import Viewers
from app.ingest import keys
from app.ingest.bots import bot_of
from app.ingest.limits import Limit
from app.ingest.sender import ANYBODY, Sender
from app.settings import Settings

PRERENDER = "prerender"

AnyRequest = Request[Any, Any, State]


class Senders:
    """Tells senders apart as far as the settings ask for it, and no further."""

    def __init__(self, settings: Settings, clients: Clients, viewers: Viewers) -> None:
        self._viewers = viewers
        self._clients = clients
        self._key_limit = settings.rate_limit_per_minute
        self._client_limit = settings.client_rate_limit_per_minute
        self._dedupes = settings.view_dedupe_seconds > 0

    async def sender_of(
        self, request: AnyRequest, caller: Caller, *, backfills: bool = False
    ) -> Sender:
        """Return what ingestion needs to know of the caller who sent `request`."""
        is_page = comes_from_page(request, caller)
        limits = self._limits_of_key(caller)
        bounds = caller.key or OPEN
        is_told_apart = is_page and (
            self._dedupes or bounds.takes_back == "own" or bounds.max_watch_seconds is not None
        )
        is_client_limited = self._client_limit > 0 and not caller.is_server
        viewer: bytes | None = None
        user_agent = request.headers.get("user-agent", "") if is_page else ""
        if is_client_limited or is_told_apart:
            address = self._clients.address_of(request.scope)
            if address is not None and is_client_limited:
                limits += await self._limits_of_client(subscriber(address))
            if address is not None and is_told_apart:
                viewer = await self._viewers.hash_of("viewer", str(address), user_agent)
        has_key = caller.key is not None
        bot = bot_of(user_agent, library_may=has_key) if user_agent else None
        if "prefetch" in request.headers.get("sec-purpose", ""):
            # A browser makes a page ready that nobody has asked for yet.
            bot = PRERENDER
        if not (is_page or limits or backfills or has_key or bot):
            return ANYBODY
        return Sender(
            limits=limits,
            viewer=viewer,
            bot=bot,
            bounds=bounds,
            namespace=b"%d" % caller.key.key_id if caller.key and bounds.own_ids else None,
            backfills=backfills,
            has_key=has_key,
        )

    def _limits_of_key(self, caller: Caller) -> tuple[Limit, ...]:
        if caller.key is None:
            return ()
        per_minute = caller.key.rate_limit or self._key_limit
        if not per_minute:
            return ()
        return (Limit("key", keys.rate("key", str(caller.key.key_id)), per_minute),)

    async def _limits_of_client(self, address: str) -> tuple[Limit, ...]:
        hashed = await self._viewers.hash_of("client", address)
        if hashed is None:
            return ()
        return (Limit("client", keys.rate("client", hashed.hex()), self._client_limit),)


def comes_from_page(request: AnyRequest, caller: Caller) -> bool:
    """Return whether the viewer's own browser or app sent `request`.

    Only then its address and user agent are the viewer's: a server that records for its users has
    its own. Browsers send an Origin with every POST, servers never do.
    """
    return caller.is_public or "origin" in request.headers
