"""Callers of the API: they post events until each is acknowledged, and write down what they heard.

A request whose answer never came, or that was refused for the moment, is sent again with the same
ids. Events without an id are not: they become unsure.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx

from tests.site import NO_CERTIFICATES
from tests.soak.events import EventSource, Sent
from tests.soak.ledger import Ledger

CALLERS = 6
_HEADERS = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Groundswell soak"}
_LATER = {429, 502, 503}


class Traffic:
    """The callers, all at once; `pause` waits until each has its answer."""

    def __init__(
        self,
        url: str,
        ledger: Ledger,
        chance: random.Random,
        *,
        answered: Callable[[], None],
        pace: float,
    ) -> None:
        """Prepare; `answered` is called before an acknowledgement is written down."""
        self._url = url
        self._answered = answered
        self._ledger = ledger
        self._chance = chance
        self._pace = pace
        self._source = EventSource(chance)
        self._known: deque[Sent] = deque(maxlen=2_000)
        self._open = asyncio.Event()
        self._idle = asyncio.Condition()
        self._busy = 0

    async def run(self) -> None:
        """Post until cancelled, from when `resume` is called."""
        async with (
            httpx.AsyncClient(
                base_url=self._url, headers=_HEADERS, timeout=10, verify=NO_CERTIFICATES
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(CALLERS):
                group.create_task(self._call(client))

    def resume(self) -> None:
        """Let the callers go on."""
        self._open.set()

    async def pause(self) -> None:
        """Let no new request begin, and return when all those begun are answered."""
        self._open.clear()
        async with self._idle:
            await self._idle.wait_for(lambda: self._busy == 0)

    def begin_at(self, moment: datetime) -> None:
        """Send and repeat nothing that is older."""
        self._source.oldest = moment.timestamp() + 60
        newer = [sent for sent in self._known if sent.at >= self._source.oldest]
        self._known.clear()
        self._known.extend(newer)

    async def _call(self, client: httpx.AsyncClient) -> None:
        while True:
            await self._open.wait()
            self._busy += 1
            try:
                await self._post(client, self._batch())
            finally:
                self._busy -= 1
                async with self._idle:
                    self._idle.notify_all()
            await asyncio.sleep(self._chance.random() * self._pace)

    def _batch(self) -> list[Sent]:
        chance = self._chance
        events = [self._source.event() for _ in range(chance.choice((1, 1, 5, 20)))]
        if len(events) > 1 and chance.random() < 0.5:
            again = [sent for sent in self._known if sent.repeatable]
            events += chance.sample(again, min(len(again), 4))
            chance.shuffle(events)
        return events

    async def _post(self, client: httpx.AsyncClient, events: list[Sent]) -> None:
        way = self._chance.choices(({}, {"wait": "true"}, {"backfill": "true"}), (17, 2, 1))[0]
        pause = 0.05
        while events:
            body: Any = [sent.body for sent in events]
            if len(events) == 1:
                body = body[0]
            try:
                answer = await client.post("/analytics/events", json=body, params=way)
            except httpx.RequestError:
                events = self._only_repeatable(events)
            else:
                if answer.status_code not in _LATER:
                    self._heard(answer, events)
                    return
                if "retry-after" not in answer.headers:
                    self._wrong(answer)
                # A 503 can be a commit whose answer was lost.
                if answer.status_code != 429:
                    events = self._only_repeatable(events)
            await asyncio.sleep(pause * self._chance.uniform(0.5, 1.0))
            pause = min(0.5, pause * 2)

    def _only_repeatable(self, events: list[Sent]) -> list[Sent]:
        for sent in events:
            if not (sent.repeatable or sent.bad):
                self._ledger.unsure.add(sent.ref)
        return [sent for sent in events if sent.repeatable]

    def _heard(self, answer: httpx.Response, events: list[Sent]) -> None:
        bad = [index for index, sent in enumerate(events) if sent.bad]
        if answer.status_code not in ({422} if len(bad) == len(events) else {200, 202}):
            self._wrong(answer)
            return
        told = [rejection["index"] for rejection in answer.json()["rejected"]]
        if told != bad:
            self._wrong(answer)
            return
        self._answered()
        for sent in events:
            self._ledger.note(sent)
            if not sent.bad:
                self._known.append(sent)

    def _wrong(self, answer: httpx.Response) -> None:
        self._ledger.wrong_answers.append(f"{answer.status_code} {answer.text[:300]}")
