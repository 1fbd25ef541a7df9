"""The way to the brokers: a producer that sends batches, each message at least once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    IncompatibleBrokerVersion,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    PolicyViolationError,
    RecordListTooLargeError,
    UnknownError,
    UnsupportedVersionError,
)

from app.kafka.brokers import abandon, close, producer_of
from app.settings import Settings
from app.sink.wire import Outgoing

SEND_SECONDS = 20.0
"""How long a batch may take; after that none of it is sent any more, but by the next try."""
_REFUSED = (
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
)
"""What is wrong with a message, and with no other one beside it."""
_NO_NUMBERS = (
    ClusterAuthorizationFailedError,
    IncompatibleBrokerVersion,
    UnknownError,
    UnsupportedVersionError,
)
"""What brokers say that give a producer no number of its own."""

log = structlog.get_logger(__name__)


class Outlet:
    """Sends to the brokers, one batch after the other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._is_idempotent = True

    async def send(self, topic: str, messages: Sequence[Outgoing]) -> list[tuple[int, str]]:
        """Return once the brokers have all of `messages`, but for those they do not take.

        Of these their places are returned, and why. The messages of a key are in order; where one
        was refused, those of its key come once more. Raises `KafkaError`: any of them may be there,
        and nothing more is sent.
        """
        try:
            async with asyncio.timeout(SEND_SECONDS):
                outcomes = await self._all(await self._open(), topic, messages)
                if not any(outcomes):
                    return []
                return await self._one_by_one(topic, messages, outcomes)
        except TimeoutError as error:
            await self.drop()
            raise KafkaTimeoutError(
                f"the brokers did not take a batch within {SEND_SECONDS:g} seconds"
            ) from error
        except OSError as error:
            await self.drop()
            raise KafkaConnectionError(str(error)) from error
        except BaseException:
            await self.drop()
            raise

    async def close(self) -> None:
        """Close what was opened."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await close(producer)

    async def drop(self) -> None:
        """Leave what is not sent unsent, for good: somebody else may do it meanwhile."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await abandon(producer)

    async def _open(self) -> AIOKafkaProducer:
        if self._producer is not None:
            return self._producer
        try:
            self._producer = producer_of(self._settings, is_idempotent=self._is_idempotent)
            await self._producer.start()
        except _NO_NUMBERS as error:
            await self.drop()
            if not self._is_idempotent:
                raise
            # Order stays: there is never more than one request a partition on its way.
            log.warning(
                "the brokers number no producers: what is sent again, after an answer that was "
                "lost, is there twice",
                error=repr(error),
            )
            self._is_idempotent = False
            return await self._open()
        return self._producer

    async def _one_by_one(
        self, topic: str, messages: Sequence[Outgoing], outcomes: Sequence[KafkaError | None]
    ) -> list[tuple[int, str]]:
        """Send what was refused by itself, and all else of its keys; return what still is."""
        keys = {
            message.key
            for message, outcome in zip(messages, outcomes, strict=True)
            if outcome is not None
        }
        if self._is_idempotent:
            # Brokers miss the numbers of what they have refused, and take no later ones.
            await self.drop()
            self._producer = producer_of(self._settings)
            await self._producer.start()
        refused: list[tuple[int, str]] = []
        for place, message in enumerate(messages):
            if message.key in keys:
                (outcome,) = await self._all(await self._open(), topic, [message])
                if outcome is not None:
                    refused.append((place, f"{type(outcome).__name__}: {outcome}"))
        if self._is_idempotent:
            await self.close()
        return refused

    @staticmethod
    async def _all(
        producer: AIOKafkaProducer, topic: str, messages: Sequence[Outgoing]
    ) -> list[KafkaError | None]:
        """Return for each message None, or why it was refused; raises all other errors.

        What comes after refused ones has a number that brokers do not expect, and is refused, too.
        """
        sent: list[asyncio.Future[object] | KafkaError] = []
        for message in messages:
            try:
                sent.append(
                    await producer.send(
                        topic, key=message.key, value=message.value, headers=message.headers
                    )
                )
            except _REFUSED as error:
                sent.append(error)
        waited = [each for each in sent if not isinstance(each, KafkaError)]
        answers = iter(await asyncio.gather(*waited, return_exceptions=True))
        outcomes = [each if isinstance(each, KafkaError) else next(answers) for each in sent]
        is_any_refused = any(isinstance(outcome, _REFUSED) for outcome in outcomes)
        expected = (*_REFUSED, OutOfOrderSequenceNumber) if is_any_refused else _REFUSED
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, expected):
                raise outcome
        return [each if isinstance(each, KafkaError) else None for each in outcomes]
