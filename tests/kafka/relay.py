"""A relay before a real broker: speaks TLS to clients, and refuses messages that are too large."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from app.embedded.kafka import EmbeddedKafka
from tests.kafka.numbering import Numbering, produce_answer

_PRODUCE, _TOO_LARGE = b"\0\0", 10


class Relayed(NamedTuple):
    """A broker behind a relay."""

    servers: str


class _Relay:
    def __init__(
        self, broker: EmbeddedKafka, most_bytes: int | None, numbering: Numbering | None
    ) -> None:
        self._broker = broker
        self._most_bytes = most_bytes
        self._numbering = numbering

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client, one request after the other, until it or the broker ends."""
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self._broker.port)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    frame = await frame_of(reader)
                    answer = self._refusal_of(frame)
                    if answer is None and self._numbering is not None:
                        frame, answer = self._numbering.apply(frame)
                    if answer is None:
                        to_broker.write(len(frame).to_bytes(4, "big") + frame)
                        answer = await frame_of(from_broker)
                    writer.write(len(answer).to_bytes(4, "big") + answer)
        finally:
            to_broker.close()
            writer.close()

    def _refusal_of(self, frame: bytes) -> bytes | None:
        """Return what a broker says to one who publishes too much at once."""
        if frame[:2] != _PRODUCE or self._most_bytes is None or len(frame) <= self._most_bytes:
            return None
        return produce_answer(frame, _TOO_LARGE)


async def frame_of(reader: asyncio.StreamReader) -> bytes:
    """Return the next request, or answer."""
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))


class _Terminator:
    """Ends TLS before a port: with blocking sockets, as asyncio's server says no alerts."""

    def __init__(self, context: ssl.SSLContext, listener: socket.socket, inner_port: int) -> None:
        self._context = context
        self._inner_port = inner_port
        self._listener = listener
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with (
            suppress(OSError),
            client,
            self._context.wrap_socket(client, server_side=True) as outer,
            socket.create_connection(("127.0.0.1", self._inner_port)) as inner,
        ):
            back = threading.Thread(target=_copy, args=(inner, outer), daemon=True)
            back.start()
            _copy(outer, inner)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@asynccontextmanager
async def relayed(
    *,
    tls: ssl.SSLContext | None = None,
    most_bytes: int | None = None,
    numbering: Numbering | None = None,
) -> AsyncIterator[Relayed]:
    """Run a broker that clients reach by a relay only."""
    # Taken at once: while the broker starts another test may ask for a free port.
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    broker = EmbeddedKafka(public_port=port)
    await broker.start()
    if tls is not None:
        close = _Terminator(tls, listener, broker.port).close
    else:
        relay = _Relay(broker, most_bytes, numbering)
        close = (await asyncio.start_server(relay.serve, sock=listener)).close
    try:
        yield Relayed(f"127.0.0.1:{port}")
    finally:
        close()
        await broker.stop()
