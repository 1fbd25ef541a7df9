"""Numbers of producers and their messages, as brokers of Apache Kafka keep them.

A batch whose number is not the next one is refused, and a refused batch uses up none.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from aiokafka.protocol import produce
from aiokafka.protocol.transaction import InitProducerIdResponse_v0
from aiokafka.record.util import calc_crc32c

_PRODUCE, _INIT_PRODUCER_ID = 0, 22
_OUT_OF_ORDER = 45
_CRC, _ATTRIBUTES, _PRODUCER, _SEQUENCE, _COUNT, _RECORDS = 17, 21, 43, 53, 57, 61
"""Where these stand in a batch of messages."""
_NO_PRODUCER = (-1).to_bytes(8, "big", signed=True) + b"\xff\xff" + b"\xff\xff\xff\xff"


class Numbering:
    """Keeps the numbers, for a broker behind it that keeps none."""

    def __init__(self) -> None:
        self.producers = 0
        """How many were numbered."""
        self.refused = 0
        """How many requests came out of order."""
        self._next: dict[tuple[int, str, int], int] = {}

    def apply(self, frame: bytes) -> tuple[bytes, bytes | None]:
        """Return the request as the broker gets it; or what is answered to it instead."""
        key = int.from_bytes(frame[:2], "big")
        if key == _INIT_PRODUCER_ID:
            self.producers += 1
            return frame, frame[4:8] + bytes(
                InitProducerIdResponse_v0(0, 0, self.producers, 0).encode()
            )
        if key != _PRODUCE:
            return frame, None
        numbered = [
            (batch, (int.from_bytes(batch[_PRODUCER : _PRODUCER + 8], "big"), topic, partition))
            for topic, partitions in _topics_of(frame)
            for partition, batch in partitions
            if batch[_PRODUCER] < 128
        ]
        for batch, who in numbered:
            number = int.from_bytes(batch[_SEQUENCE:_COUNT], "big")
            if self._next.setdefault(who, number) != number:
                self.refused += 1
                return frame, produce_answer(frame, _OUT_OF_ORDER)
        for batch, who in numbered:
            self._next[who] += int.from_bytes(batch[_COUNT:_RECORDS], "big")
            frame = frame.replace(batch, _without_number(batch), 1)
        return frame, None


def produce_answer(frame: bytes, error: int) -> bytes:
    """Return what a broker says that takes nothing of a request to produce."""
    version = int.from_bytes(frame[2:4], "big")
    # Offset, time, first offset.
    fields = (-1, -1, -1)[: 3 if version >= 5 else 2 if version >= 2 else 1]
    topics = [
        (topic, [(partition, error, *fields) for partition, _ in partitions])
        for topic, partitions in _topics_of(frame)
    ]
    response = getattr(produce, f"ProduceResponse_v{version}")(topics, 0)
    return frame[4:8] + bytes(response.encode())


def _topics_of(frame: bytes) -> list[tuple[str, list[tuple[int, bytes]]]]:
    version = int.from_bytes(frame[2:4], "big")
    body = BytesIO(frame[10 + int.from_bytes(frame[8:10], "big") :])
    found: Any = getattr(produce, f"ProduceRequest_v{version}").SCHEMA.decode(body)[-1]
    return found  # type: ignore[no-any-return]


def _without_number(batch: bytes) -> bytes:
    changed = batch[:_PRODUCER] + _NO_PRODUCER + batch[_COUNT:]
    crc = calc_crc32c(changed[_ATTRIBUTES:])
    return changed[:_CRC] + bytes(crc.to_bytes(4, "big")) + changed[_ATTRIBUTES:]
