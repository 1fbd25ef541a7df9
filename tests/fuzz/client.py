"""A client that sends any bytes, and tells an answer from none."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from tests.fuzz.bodies import Input

ANSWER_WITHIN = 30.0
_NO_ANSWER = (OSError, asyncio.IncompleteReadError, TimeoutError)


class Client:
    """One connection, opened again whenever the server has ended it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: bytes, sent: Input) -> int:
        """Return the status of the answer, or 0 where none came, not even at a second attempt.

        The second is because a server may end a connection that it finds idle at that moment.
        """
        head = [
            b"POST " + path + b" HTTP/1.1",
            b"Host: 127.0.0.1",
            b"Content-Type: " + sent.media_type,
        ]
        head += [b"User-Agent: Mozilla/5.0 (X11; Linux x86_64)"]
        if sent.encoding:
            head.append(b"Content-Encoding: " + sent.encoding)
        head.append(b"Content-Length: %d" % len(sent.body))
        request = b"\r\n".join(head) + b"\r\n\r\n" + sent.body
        for _ in range(2):
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    return await self._exchange(request)
            except _NO_ANSWER:
                await self.close()
        return 0

    async def _exchange(self, request: bytes) -> int:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        # A server may answer and close before it has read all: the answer still counts.
        with suppress(OSError):
            self._writer.write(request)
            await self._writer.drain()
        status, *headers = (await self._reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        fields = dict(line.split(b": ", 1) for line in headers if line)
        await self._reader.readexactly(int(fields.get(b"content-length", b"0")))
        if fields.get(b"connection") == b"close":
            await self.close()
        return int(status.split()[1])

    async def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()
        self._reader = self._writer = None


async def fuzz(
    port: int,
    make: Callable[[], Input],
    *,
    inputs: int,
    stored: Callable[[], bool],
    clients: int = 8,
) -> tuple[Counter[int], list[tuple[int, Input]]]:
    """Send inputs; return the statuses, and the inputs that got a 5xx or no answer.

    `stored` says of each input whether it is to be stored, or only looked at.
    """
    statuses: Counter[int] = Counter()
    failures: list[tuple[int, Input]] = []
    left = iter(range(inputs))

    async def send() -> None:
        client = Client(port)
        for _ in left:
            path = b"/analytics/events" + (b"" if stored() else b"?validate=true")
            sent = make()
            status = await client.post(path, sent)
            statuses[status] += 1
            if status == 0 or status >= 500:
                failures.append((status, sent))
        await client.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(send())
    return statuses, failures
