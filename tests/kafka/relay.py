"""A relay before a real broker: speaks TLS to clients, and refuses messages that are too large."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from typing import NamedTuple

from aiokafka.protocol import produce

from app.embedded.child import free_port
from app.embedded.kafka import EmbeddedKafka

_TOO_LARGE = 10


class Relayed(NamedTuple):
    """A broker behind a relay."""

    servers: str


class _Relay:
    def __init__(self, broker: EmbeddedKafka, most_bytes: int | None) -> None:
        self._broker = broker
        self._most_bytes = most_bytes

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it or the broker ends the connection."""
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self._broker.port)
        back = asyncio.create_task(_pass_on(from_broker, writer))
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    size = await reader.readexactly(4)
                    frame = await reader.readexactly(int.from_bytes(size, "big"))
                    if refusal := self._refusal_of(frame):
                        writer.write(len(refusal).to_bytes(4, "big") + refusal)
                    else:
                        to_broker.write(size + frame)
        finally:
            back.cancel()
            to_broker.close()
            writer.close()

    def _refusal_of(self, frame: bytes) -> bytes | None:
        """Return what a broker says to one who publishes too much at once."""
        key, version = (int.from_bytes(frame[place : place + 2], "big") for place in (0, 2))
        if key != 0 or self._most_bytes is None or len(frame) <= self._most_bytes:
            return None
        body = BytesIO(frame[10 + int.from_bytes(frame[8:10], "big") :])
        request = getattr(produce, f"ProduceRequest_v{version}").SCHEMA.decode(body)
        fields = produce_fields(version)
        topics = [
            (topic, [(partition, _TOO_LARGE, *fields) for partition, _ in partitions])
            for topic, partitions in request[-1]
        ]
        response = getattr(produce, f"ProduceResponse_v{version}")(topics, 0)
        return frame[4:8] + bytes(response.encode())


def produce_fields(version: int) -> tuple[int, ...]:
    """Return what a response says of a partition beside the error: offset, time, first offset."""
    return (-1, -1, -1)[: 3 if version >= 5 else 2 if version >= 2 else 1]


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)


class _Terminator:
    """Ends TLS before a port: with blocking sockets, as asyncio's server says no alerts."""

    def __init__(self, context: ssl.SSLContext, port: int, inner_port: int) -> None:
        self._context = context
        self._inner_port = inner_port
        self._listener = socket.create_server(("127.0.0.1", port))
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
    *, tls: ssl.SSLContext | None = None, most_bytes: int | None = None
) -> AsyncIterator[Relayed]:
    """Run a broker that clients reach by a relay only."""
    port = free_port()
    broker = EmbeddedKafka(public_port=port)
    await broker.start()
    if tls is not None:
        terminator = _Terminator(tls, port, broker.port)
        close = terminator.close
    else:
        relay = _Relay(broker, most_bytes)
        close = (await asyncio.start_server(relay.serve, "127.0.0.1", port)).close
    try:
        yield Relayed(f"127.0.0.1:{port}")
    finally:
        close()
        await broker.stop()
