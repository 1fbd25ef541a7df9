"""The keys of all callers, in each API process's memory: asking for one costs no round trip.

They are read again every minute, when another process announces a change, and when somebody shows
a key that is not known (for such, at most once a second). Without the database, the last known keys
go on working; a process that starts then takes them from the copy in Redis, but no admin's.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import msgspec
from redis.asyncio import Redis

from app.access import keys
from app.access.api_key import ApiKey, digest_of
from app.access.queries import ValidApiKey, note_api_keys_used, valid_api_keys
from app.runtime.notifications import Notifications
from app.runtime.outage import DATABASE_ERRORS, REDIS_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import end, first_of

REFRESH_SECONDS = 60.0
"""Age at which the keys are read again."""
RELOAD_SECONDS = 1.0
"""Least time between two readings for keys that are not known."""
LOAD_SECONDS = 2.0
"""Longest time a caller with an unknown key waits for the database."""
_RETRY_SECONDS = 5.0

_Copy = dict[str, ApiKey]
_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(_Copy).decode


class KeyRing:
    """The valid keys by their hash."""

    def __init__(self, pool: Pool, redis: Redis) -> None:
        self._pool = pool
        self._redis = redis
        self._keys: dict[bytes, ApiKey] = {}
        self._used: set[int] = set()
        self._readings: set[asyncio.Task[None]] = set()
        """Those under way."""
        self._newest: asyncio.Task[None] | None = None
        self._begun = self._taken = 0
        """Numbers of the newest reading, and of that which the keys are from."""
        self._reload_at = 0.0
        self._database_outage = Outage("database, for API keys")
        self.loaded = False
        """False until the keys are known from anywhere."""

    async def find(self, text: str) -> ApiKey | None:
        """Return what the key `text` allows, or None for one that is not valid.

        Also None while `loaded` is false: then nobody can say.
        """
        digest = digest_of(text)
        found = self._keys.get(digest)
        if found is None:
            await self._look_again()
            found = self._keys.get(digest)
        if found is not None:
            self._used.add(found.key_id)
        return found

    def allows_origin(self, origin: str) -> bool:
        """Return whether any public key may be used by pages of `origin`."""
        return any(
            key.kind == "public" and key.allows_origin(origin) for key in self._keys.values()
        )

    async def _look_again(self) -> None:
        """Read the keys for one that is not known, or wait for those who have just begun to."""
        now = time.monotonic()
        if now >= self._reload_at:
            self._reload_at = now + RELOAD_SECONDS
            await self.reload()
        elif self._newest is not None and not self._newest.done():
            await asyncio.shield(self._newest)

    async def reload(self) -> None:
        """Read the keys again, or keep the last known ones.

        A reading that is under way is not joined: it may lack what was committed since it began.
        """
        self._newest = reading = asyncio.create_task(self._load())
        self._readings.add(reading)
        reading.add_done_callback(self._readings.discard)
        # A caller who leaves must not end it for the others.
        await asyncio.shield(reading)

    async def run(self, announcements: Notifications) -> None:
        """Keep the keys up to date until cancelled."""
        try:
            await self._follow(announcements)
        finally:
            await end(*self._readings)

    async def _follow(self, announcements: Notifications) -> None:
        async with announcements.subscribed(keys.API_KEYS_CHANGED) as wake:
            while True:
                wake.clear()
                await self.reload()
                await first_of(wake, within=REFRESH_SECONDS if self.loaded else _RETRY_SECONDS)

    async def _load(self) -> None:
        self._begun += 1
        number = self._begun
        used, self._used = self._used, set()
        try:
            async with borrowed(self._pool, within=LOAD_SECONDS) as connection:
                rows = await valid_api_keys(connection)
                if used:
                    await note_api_keys_used(
                        connection, key_ids=sorted(used), used_at=datetime.now(UTC)
                    )
        except DATABASE_ERRORS as error:
            self._used |= used
            self._database_outage.failed(error)
            if not self.loaded:
                await self._load_copy()
            return
        self._database_outage.over()
        if number < self._taken:
            return
        self._taken = number
        self._keys = {row.key_hash: _key_of(row) for row in rows}
        self.loaded = True
        await self._store_copy()

    async def _store_copy(self) -> None:
        copy: _Copy = {digest.hex(): key for digest, key in self._keys.items()}
        try:
            await self._redis.set(keys.API_KEYS, _encode(copy))
        except REDIS_ERRORS:
            return

    async def _load_copy(self) -> None:
        try:
            stored = await self._redis.get(keys.API_KEYS)
            copy = _decode(stored) if stored else None
        except (*REDIS_ERRORS, msgspec.MsgspecError):
            return
        if copy is not None:
            self._keys = {
                bytes.fromhex(digest): key
                for digest, key in copy.items()
                # Whoever can write to Redis must not become an admin by it.
                if "admin" not in key.scopes
            }
            self.loaded = True


def _key_of(row: ValidApiKey) -> ApiKey:
    return msgspec.convert({name: getattr(row, name) for name in ApiKey.__struct_fields__}, ApiKey)
