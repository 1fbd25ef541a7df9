"""A soak: rounds of load, one fault each, every one followed by its checks."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from uuid import UUID

import httpx
import psycopg

from app.ingest.uuid7 import Uuid7Source
from tests.eventually import eventually
from tests.site import NO_CERTIFICATES
from tests.soak.checks import (
    Connection,
    Conservation,
    Found,
    Jobs,
    check_aggregates,
    check_scores,
    check_totals,
    drained,
)
from tests.soak.events import Sent
from tests.soak.faults import Fault
from tests.soak.pulse import MOST, MOST_EMBEDDED, Pulse
from tests.soak.report import Report
from tests.soak.stand import Stand
from tests.soak.traffic import Traffic

LIVE_WITHIN = 30.0
"""Seconds after a fault within which a new event must be stored."""
WHOLE_WITHIN = 60.0
"""Seconds within which all that was acknowledged must be stored, without new events."""


class Soak:
    """Runs rounds on a stand."""

    def __init__(self, stand: Stand, seed: int, tell: Callable[[str], None]) -> None:
        self._stand = stand
        self._chance = random.Random(seed)  # noqa: S311 - repeats a run, keeps no secret
        self._tell = tell
        self._ledger = stand.ledger
        self._conservation = Conservation(self._ledger)
        self._ledger_of_jobs = Jobs()
        self._redis = stand.redis()
        self._traffic = Traffic(
            stand.url, self._ledger, self._chance, answered=stand.mark.set, pace=stand.pace
        )
        stand.traffic = self._traffic
        self._new_id = Uuid7Source()
        self._pulse = Pulse(stand.port)
        self._probes = 0
        self.report = Report(seed, stand.database_kill)

    async def run(self, faults: Iterable[Fault], *, check_every: int) -> Report:
        """Inject the faults one after the other; compare aggregates and scores now and then."""
        began = time.monotonic()
        posting = asyncio.create_task(self._traffic.run())
        try:
            await self._ready()
            fault: Fault | None = None
            async with self._pulse.beating():
                for number, fault in enumerate(faults, start=1):
                    await self._round(fault, deep=number % check_every == 0)
            if fault is not None:
                await self._last(fault)
        finally:
            posting.cancel()
            await asyncio.wait({posting})
            await self._redis.aclose()
            self._sum_up(time.monotonic() - began)
        if not posting.cancelled():
            posting.result()
        return self.report

    def _sum_up(self, seconds: float) -> None:
        self.report.seconds = seconds
        self.report.events = len(self._ledger.acknowledged)
        self.report.dead = self._conservation.dead

    async def _round(self, fault: Fault, *, deep: bool) -> None:
        self._traffic.resume()
        self._pulse.take()
        jobs = asyncio.create_task(self._jobs())
        try:
            injected = await fault.inject(self._stand, self._chance)
            over = time.monotonic()
            slowest = self._pulse.take()
            await self._probe()
            live = time.monotonic() - over
        finally:
            jobs.cancel()
            await asyncio.wait({jobs})
        await self._traffic.pause()
        await drained(self._redis, within=WHOLE_WITHIN)
        whole = time.monotonic() - over
        line = self.report.line(fault)
        line.injected += injected
        line.live.append(live)
        line.whole.append(whole)
        found = await self._check(deep=deep)
        if not fault.stops_api:
            line.pulse.append(slowest)
            most = MOST if self._stand.engine.shares_server else MOST_EMBEDDED
            if slowest > most:
                found.other.append(f"/health/live took {slowest:.2f} s")
        if not jobs.cancelled() and jobs.exception():
            found.other.append(f"a job failed: {jobs.exception()!r}")
        for part in self._stand.parts:
            if part.crashed:
                found.other.append(f"{part.name} ended by itself")
                await part.start()
        self.report.note(fault, found)
        self._tell(
            f"{fault.name}: {injected}, live after {live:.2f} s, whole after {whole:.2f} s"
            + (f", WRONG: {self.report.findings[-1]}" if found else "")
        )

    async def _check(self, *, deep: bool) -> Found:
        async with await self._connect() as connection:
            found = await self._conservation.check(connection, self._redis)
            if deep:
                await self._compare(connection, found)
            found.other += await self._ledger_of_jobs.faults(connection)
        return found

    async def _compare(self, connection: Connection, found: Found) -> None:
        """Compare everything that is computed with a recount."""
        await self._stand.close_open()
        found.other += (await check_aggregates(connection)).other
        found.other += (await check_scores(connection)).other
        found.other += (await check_totals(connection, self._conservation.totals)).other

    async def _last(self, fault: Fault) -> None:
        async with await self._connect() as connection:
            found = await self._conservation.check_all(connection, self._redis)
            await self._compare(connection, found)
            found.other += await self._ledger_of_jobs.faults(connection)
        self.report.note(fault, found)

    async def _jobs(self) -> None:
        """Do what pg_cron does, only more often, so that faults meet running jobs."""
        jobs = (
            "api.run_rankings(forced => true)",
            "api.refresh_aggregates(forced => true)",
            "api.maintain_storage()",
        )
        while True:
            try:
                async with await self._stand.connect() as connection:
                    await connection.execute(f"call {self._chance.choice(jobs)}".encode())
            except psycopg.OperationalError:
                pass
            await asyncio.sleep(self._chance.uniform(0.2, 1.0))

    async def _ready(self) -> None:
        """Wait until all parts are up."""
        await self._probe()
        await drained(self._redis, within=WHOLE_WITHIN)

    async def _probe(self) -> None:
        """Post an event until it is acknowledged, and wait until it is stored."""
        self._probes += 1
        identifier = UUID(bytes=self._new_id(time.time_ns() // 1_000_000))
        body = {"type": "view", "contentId": "probe", "id": str(identifier)}
        probe = Sent(
            f"probe-{self._probes}", {**body, "userId": f"probe-{self._probes}"}, bad=False
        )

        async def taken() -> bool:
            try:
                answer = await client.post("/analytics/events", json=probe.body)
            except httpx.RequestError:
                return False
            return answer.status_code == 202

        async def stored() -> bool:
            try:
                async with await self._stand.connect() as connection:
                    cursor = await connection.execute(
                        "select true from core.event where event_id = %s", [identifier]
                    )
                    return bool(await cursor.fetchone())
            except psycopg.OperationalError:
                return False

        # Not a bot, by its name.
        headers = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Groundswell soak"}
        async with httpx.AsyncClient(
            base_url=self._stand.url, headers=headers, verify=NO_CERTIFICATES
        ) as client:
            await eventually(taken, within=LIVE_WITHIN)
        self._ledger.note(probe)
        await eventually(stored, within=LIVE_WITHIN)

    async def _connect(self) -> Connection:
        return await self._stand.connect()
