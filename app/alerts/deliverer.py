"""The deliverer: sends the webhooks of alerts, each at least once, and keeps a log of it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from app.alerts import metrics
from app.alerts.deliveries import ClaimedAlert, claim_alerts, record_delivery
from app.alerts.message import encode_message, message_id
from app.alerts.queries import RaisedAlert, raised_alerts
from app.alerts.sender import SEND_SECONDS, Answer, Sender, open_sender
from app.alerts.signature import signed_headers
from app.http.retry_after import seconds_asked
from app.runtime.backoff import Backoff
from app.runtime.notifications import Notifications
from app.runtime.outage import DATABASE_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import finish, first_of, log_fault
from app.settings import Settings

CHANNEL = "alert"
"""The database notifies it when alerts were raised."""
POLL_SECONDS = 2.0
"""How often due webhooks are asked for although nothing was notified."""
AT_ONCE = 64
"""Most webhooks that one worker sends at the same time."""
AT_ONCE_HOST = 16
"""Most of them to the same host and port."""
AT_ONCE_EACH = 4
"""Most of them of the same subscription."""
RETRIES = Backoff(shortest=5.0, longest=6 * 3_600.0, factor=3.0)
"""Eleven pauses, between the twelve tries of `core.alert_policy`, are 22 hours and a half.

A receiver may ask for a longer one, up to the longest.
"""
LEASE = timedelta(seconds=60)
"""How long nobody else sends what was taken: longer than sending and recording may take."""
STOP_SECONDS = SEND_SECONDS + 2.0
"""How long a worker that stops waits for what it is sending."""

log = structlog.get_logger(__name__)


async def run_deliverer(
    *, settings: Settings, pool: Pool, notifications: Notifications, stop: asyncio.Event
) -> None:
    """Send what is due until `stop` is set; outages of the database are waited out.

    Any number of deliverers share the work.
    """
    outage = Outage("deliverer of alerts")
    async with (
        notifications.subscribed(CHANNEL) as wake,
        open_sender(allow_private=settings.webhook_private_networks) as sender,
    ):
        deliverer = Deliverer(pool=pool, sender=sender, timeout=settings.database_timeout)
        try:
            while not stop.is_set():
                wake.clear()
                pause = POLL_SECONDS
                try:
                    await deliverer.start_due(then=wake.set)
                    outage.over()
                except DATABASE_ERRORS as error:
                    pause = outage.failed(error)
                await first_of(stop, wake, within=pause)
        finally:
            await deliverer.finish(within=STOP_SECONDS)


class Deliverer:
    """Takes due webhooks and sends them, several at once.

    `clock` tells what is due; `chance` is random, from 0 to 1, and spreads the tries.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        sender: Sender,
        timeout: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.pool = pool
        self.sender = sender
        self.timeout = timeout
        self.clock = clock
        self.chance = chance
        self._sending: dict[asyncio.Task[None], int] = {}

    async def start_due(self, *, then: Callable[[], None] = lambda: None) -> int:
        """Take what is due and begin to send it; return how many. `then` is called after each."""
        capacity = AT_ONCE - len(self._sending)
        if capacity <= 0:
            return 0
        async with borrowed(self.pool, within=self.timeout) as connection:
            claimed = await claim_alerts(
                connection,
                as_of=self.clock(),
                lease=LEASE,
                capacity=capacity,
                each=AT_ONCE_EACH,
                each_host=AT_ONCE_HOST,
                busy=list(self._sending.values()),
            )
            if not claimed:
                return 0
            alert_ids = [claim.alert_id for claim in claimed]
            raised = {
                one.alert_id: one for one in await raised_alerts(connection, alert_ids=alert_ids)
            }
        for claim in claimed:
            # A subscription that was just removed has taken its alerts along.
            if found := raised.get(claim.alert_id):
                task = asyncio.create_task(self._deliver(claim, found))
                self._sending[task] = claim.subscription_id
                task.add_done_callback(lambda done: self._ended(done, then))
        return len(claimed)

    async def finish(self, *, within: float) -> None:
        """Wait for what is being sent, and leave what takes longer to the next lease."""
        await finish(self._sending, within=within)

    def _ended(self, task: asyncio.Task[None], then: Callable[[], None]) -> None:
        del self._sending[task]
        log_fault(task, part="deliverer of alerts")
        then()

    async def _deliver(self, claim: ClaimedAlert, raised: RaisedAlert) -> None:
        attempted_at, begun = self.clock(), time.monotonic()
        body = encode_message(raised)
        headers = signed_headers(
            claim.secrets,
            message_id=message_id(claim.alert_id),
            timestamp=int(attempted_at.timestamp()),
            body=body,
        )
        answer = await self.sender.send(claim.url, headers=headers, body=body)
        took = time.monotonic() - begun
        metrics.DELIVERY_SECONDS.observe(took)
        await self._record(claim, answer, attempted_at, timedelta(seconds=took))

    async def _record(
        self, claim: ClaimedAlert, answer: Answer, attempted_at: datetime, took: timedelta
    ) -> None:
        outcome, next_attempt_at = "delivered", None
        answered_at = attempted_at + took
        quiet_until = _quiet_until(answer, answered_at)
        if answer.is_gone:
            outcome = "gone"
        elif answer.error is not None:
            outcome = "given_up"
            if claim.attempt < claim.give_up_after:
                outcome = "retrying"
                pause = timedelta(seconds=RETRIES.pause(claim.attempt, chance=self.chance))
                next_attempt_at = max(answered_at + pause, quiet_until or answered_at)
        metrics.DELIVERIES.labels(outcome).inc()
        if outcome != "delivered":
            log.info("webhook failed", alert=claim.alert_id, outcome=outcome, error=answer.error)
        outage = Outage("log of deliveries")
        until = time.monotonic() + LEASE.total_seconds() / 2
        while True:
            try:
                async with borrowed(self.pool, within=self.timeout) as connection:
                    await record_delivery(
                        connection,
                        alert_id=claim.alert_id,
                        attempt=claim.attempt,
                        attempted_at=attempted_at,
                        status=answer.status,
                        duration=took,
                        error=answer.error,
                        next_attempt_at=next_attempt_at,
                        is_gone=answer.is_gone,
                        quiet_until=quiet_until,
                    )
            except DATABASE_ERRORS as error:
                pause_seconds = outage.failed(error)
                if time.monotonic() + pause_seconds > until:
                    return
                await asyncio.sleep(pause_seconds)
            else:
                return


def _quiet_until(answer: Answer, answered_at: datetime) -> datetime | None:
    """Return up to when the receiver asked not to be sent anything; None if it did not."""
    asked = seconds_asked(answer.retry_after, now=answered_at)
    return None if asked is None else answered_at + timedelta(seconds=min(asked, RETRIES.longest))
