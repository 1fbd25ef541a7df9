"""The translator: what readers want in their language, tried until it is there.

No request waits for it. A text is one worker's for the length of a lease, so where that worker dies
it is due again; and only the first translation is kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from app.comments.failed import TranslationError
from app.comments.metrics import TRANSLATION_SECONDS, TRANSLATIONS
from app.comments.providers import Provider, open_provider
from app.comments.queries import ClaimedText, claim_translations, record_translation
from app.comments.text import CONTROL
from app.runtime.backoff import Backoff
from app.runtime.notifications import Notifications
from app.runtime.outage import DATABASE_ERRORS, Outage
from app.runtime.pool import Pool, borrowed
from app.runtime.tasks import finish, first_of, log_fault
from app.settings import Settings

CHANNEL = "translation"
"""The database notifies it when translations are wanted."""
POLL_SECONDS = 5.0
"""How often due texts are asked for although nothing was notified."""
AT_ONCE = 8
"""Most texts that one worker has translated at the same time."""
RETRIES = Backoff(shortest=2.0, longest=3_600.0, factor=3.0)
"""Pauses between the tries of a text; a provider may ask for a longer one, up to the longest."""
MOST_GROWTH = 10
"""How much longer than the text, and 1,000 characters, a translation may be: a model may run on."""
MAX_ERROR = 500
HOUR = 3_600.0
STOP_SECONDS = 5.0
"""How long a worker that stops waits for what is being translated."""

log = structlog.get_logger(__name__)


async def run_translator(
    *, settings: Settings, pool: Pool, notifications: Notifications, stop: asyncio.Event
) -> None:
    """Translate until `stop` is set; outages are waited out. Any number share the work."""
    async with open_provider(settings) as provider, notifications.subscribed(CHANNEL) as wake:
        if provider is None:
            return
        translator = Translator(settings=settings, pool=pool, provider=provider)
        database, provided = Outage("database of the translator"), Outage("translation provider")
        try:
            while not stop.is_set():
                wake.clear()
                try:
                    await translator.start_due(then=wake.set)
                    database.over()
                except DATABASE_ERRORS as error:
                    await first_of(stop, within=database.failed(error))
                if translator.failures < AT_ONCE:
                    provided.over()
                    await first_of(stop, wake, within=POLL_SECONDS)
                else:
                    # So many in a row: it is not the texts.
                    await first_of(stop, within=provided.failed(translator.last_failure))
        finally:
            await translator.finish(within=STOP_SECONDS)


class Translator:
    """Takes due texts, has them translated, several at once, and keeps what comes of it."""

    def __init__(self, *, settings: Settings, pool: Pool, provider: Provider) -> None:
        self.failures = 0
        """How many have failed since the last that did not, but for what is of their texts."""
        self.last_failure = TranslationError("")
        self._pool = pool
        self._provider = provider
        self._database_timeout = settings.database_timeout
        self._seconds = settings.translator_seconds
        self._lease = timedelta(seconds=self._seconds + settings.database_timeout + 30)
        hours = settings.translation_hours
        self._kept = timedelta(hours=hours) if hours else None
        self._trying = set[asyncio.Task[None]]()
        self._hourly = settings.translations_per_hour
        self._hour, self._tries = time.monotonic(), 0

    async def start_due(self, *, then: Callable[[], None] = lambda: None) -> int:
        """Take what is due and begin to translate it; return how many. `then` comes after each."""
        capacity = min(AT_ONCE - len(self._trying), self._left())
        if capacity <= 0:
            return 0
        async with borrowed(self._pool, within=self._database_timeout) as connection:
            claimed = await claim_translations(
                connection, as_of=datetime.now(UTC), lease=self._lease, capacity=capacity
            )
        self._tries += len(claimed)
        if claimed and not self._left():
            log.warning("as many translations as an hour may have", most=self._hourly)
        for text in claimed:
            task = asyncio.create_task(self._translate(text))
            self._trying.add(task)
            task.add_done_callback(lambda done: self._ended(done, then))
        return len(claimed)

    def _left(self) -> int:
        """Return how many tries this hour may still have."""
        now = time.monotonic()
        if now - self._hour >= HOUR:
            self._hour, self._tries = now, 0
        return max(0, self._hourly - self._tries) if self._hourly else AT_ONCE

    async def finish(self, *, within: float) -> None:
        """Wait for what is being translated, and leave what takes longer to the next lease."""
        await finish(self._trying, within=within)

    def _ended(self, task: asyncio.Task[None], then: Callable[[], None]) -> None:
        self._trying.discard(task)
        log_fault(task, part="translator")
        then()

    async def _translate(self, claimed: ClaimedText) -> None:
        begun = time.monotonic()
        translated: str | None = None
        error: TranslationError | None = None
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._provider.translate(
                    claimed.text, source=claimed.source, target=claimed.target
                )
            translated = _checked(answer, claimed.text)
        except TimeoutError:
            error = TranslationError(f"no answer within {self._seconds:g} seconds")
        except TranslationError as failed:
            error = failed
        TRANSLATION_SECONDS.observe(time.monotonic() - begun)
        TRANSLATIONS.labels("failed" if error else "translated").inc()
        if error is None:
            self.failures = 0
        elif not error.is_of_text:
            self.failures, self.last_failure = self.failures + 1, error
        if error:
            log.info("translation failed", attempt=claimed.attempt, error=str(error)[:MAX_ERROR])
        try:
            await self._record(claimed, translated, error)
        except DATABASE_ERRORS as failure:
            # The lease runs out, and it is tried again.
            log.warning("a translation was not kept", error=str(failure))

    async def _record(
        self, claimed: ClaimedText, translated: str | None, error: TranslationError | None
    ) -> None:
        now = datetime.now(UTC)
        next_attempt_at: datetime | None = None
        if error is not None:
            pause = RETRIES.pause(claimed.attempt)
            if error.retry_after is not None:
                pause = max(pause, min(error.retry_after, RETRIES.longest))
            next_attempt_at = now + timedelta(seconds=pause)
        async with borrowed(self._pool, within=self._database_timeout) as connection:
            await record_translation(
                connection,
                digest=claimed.digest,
                target=claimed.target,
                translated=translated,
                error=None if error is None else str(error).replace("\x00", "")[:MAX_ERROR],
                next_attempt_at=next_attempt_at,
                kept=self._kept,
                as_of=now,
            )


def _checked(answer: str, text: str) -> str:
    """Return a translation without blanks around it; raises `TranslationError` for what is none."""
    translated = answer.strip()
    if not translated:
        raise TranslationError("answered with nothing")
    if len(translated) > MOST_GROWTH * len(text) + 1_000:
        raise TranslationError(f"answered with {len(translated)} characters")
    if CONTROL.search(translated) or any("\ud800" <= one <= "\udfff" for one in translated):
        raise TranslationError("answered with characters that no comment may have")
    return translated
