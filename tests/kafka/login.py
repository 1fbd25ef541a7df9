"""A door before a real broker that asks who comes: PLAIN and SCRAM, as RFC 5802 has it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from typing import Literal

from aiokafka.protocol import admin

from app.embedded.kafka import EmbeddedKafka
from tests.kafka.relay import frame_of

USER, PASSWORD = "ada", "ein Geheimnis"
_HANDSHAKE, _API_VERSIONS, _AUTHENTICATE = 17, 18, 36
_UNSUPPORTED, _REFUSED = 33, 58
Manner = Literal["code", "field", "liar", "babbler"]
"""How it refuses: by the protocol's code, or by SCRAM's own field `e`; or it lets everybody in who
does not look closely, or answers with what is no SCRAM."""


class Door:
    """Lets one user through to a broker."""

    def __init__(self, port: int, mechanism: str, manner: Manner) -> None:
        self._port = port
        self._mechanism = mechanism
        self._manner = manner

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client; who is not let in gets versions and the login, and nothing else."""
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self._port)
        steps = self._login()
        is_in = False
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    frame = await frame_of(reader)
                    key = int.from_bytes(frame[:2], "big")
                    body = BytesIO(frame[10 + int.from_bytes(frame[8:10], "big") :])
                    if key == _HANDSHAKE:
                        (wanted,) = admin.SaslHandShakeRequest_v1.SCHEMA.decode(body)
                        next(steps := self._login())
                        error = 0 if wanted == self._mechanism else _UNSUPPORTED
                        said = admin.SaslHandShakeResponse_v1(error, [self._mechanism]).encode()
                    elif key == _AUTHENTICATE:
                        (given,) = admin.SaslAuthenticateRequest_v0.SCHEMA.decode(body)
                        answer, is_in = steps.send(given)
                        outcome = (_REFUSED, "no", b"") if answer is None else (0, None, answer)
                        said = admin.SaslAuthenticateResponse_v1(*outcome, 0).encode()
                        if frame[2:4] == b"\0\0":
                            # Without how long the session may last.
                            said = said[:-8]
                    elif is_in or key == _API_VERSIONS:
                        to_broker.write(len(frame).to_bytes(4, "big") + frame)
                        _answer(writer, await frame_of(from_broker))
                        continue
                    else:
                        return
                    _answer(writer, frame[4:8] + bytes(said))
        finally:
            to_broker.close()
            writer.close()

    def _login(self) -> Generator[tuple[bytes | None, bool], bytes]:
        given = yield b"", False
        if self._mechanism == "PLAIN":
            yield self._outcome(given.decode().endswith(f"\0{USER}\0{PASSWORD}"), b"")
            return
        if self._manner == "babbler":
            yield b"no, thank you", False
            return
        name = self._mechanism.removeprefix("SCRAM-").replace("-", "").lower()
        bare = given.decode().removeprefix("n,,")
        user, nonce = (part[2:] for part in bare.split(","))
        first = f"r={nonce}more,s={b64encode(b'salt').decode()},i=4096"
        given = yield first.encode(), False
        final, _, proof = given.decode().rpartition(",p=")
        said = f"{bare},{first},{final}".encode()
        salted = hashlib.pbkdf2_hmac(name, PASSWORD.encode(), b"salt", 4096)
        key = hmac.digest(salted, b"Client Key", name)
        signature = hmac.digest(hashlib.new(name, key).digest(), said, name)
        expected = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        own = hmac.digest(hmac.digest(salted, b"Server Key", name), said, name)
        is_right = user == USER and b64decode(proof) == expected
        yield self._outcome(is_right, b"v=" + b64encode(own))

    def _outcome(self, is_right: bool, answer: bytes) -> tuple[bytes | None, bool]:
        if is_right or self._manner == "liar":
            return answer, True
        return (b"e=invalid-proof" if self._manner == "field" else None), False


def _answer(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(len(frame).to_bytes(4, "big") + frame)


@asynccontextmanager
async def closed(mechanism: str, *, manner: Manner = "code") -> AsyncIterator[str]:
    """Run a broker that lets in who logs in; yields where it is."""
    # It tells clients where it is: the door is there first.
    doors: list[Door] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await doors[0].serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    broker = EmbeddedKafka(public_port=port)
    await broker.start()
    doors.append(Door(broker.port, mechanism, manner))
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.close()
        await broker.stop()
