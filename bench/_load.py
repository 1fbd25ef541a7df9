"""Load on one HTTP address from a process of its own: wrk where it is on PATH, else a few sockets.

`python -m bench._load HOST PORT PATH CONNECTIONS SECONDS` is the latter: it prints requests a
second and the 99th percentile in milliseconds.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parents[1]
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1_000.0}


class Load(NamedTuple):
    """What came of it."""

    rate: float
    """Requests a second."""
    p99: float
    """Milliseconds within which 99 of 100 were answered."""


def loader() -> str:
    """Return the name of what makes the load."""
    return "wrk" if shutil.which("wrk") else "sockets"


async def load(*, port: int, path: str, connections: int, seconds: int) -> Load:
    """Ask for `path` for so long, over so many connections; one request at a time on each."""
    if loader() == "wrk":
        found = await output(
            "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
            f"http://127.0.0.1:{port}{path}",
        )  # fmt: skip
        assert "Non-2xx" not in found, found
        assert "Socket errors" not in found, found
        rate = re.search(r"Requests/sec:\s+([\d.]+)", found)
        p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", found)
        assert rate, found
        assert p99, found
        return Load(float(rate[1]), float(p99[1]) * _UNITS[p99[2]])
    rate_and_p99 = await output(
        sys.executable,
        "-m",
        "bench._load",
        "127.0.0.1",
        *map(str, (port, path, connections, seconds)),
    )
    return Load(*map(float, rate_and_p99.split()))


async def output(*command: str) -> str:
    """Return what a command prints."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=_ROOT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, command
    return output.decode()


async def _sockets(host: str, port: int, path: str, connections: int, seconds: float) -> Load:
    until = time.perf_counter() + seconds
    taken: list[float] = []
    request = f"GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n".encode()

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while (began := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            assert length, head
            await reader.readexactly(int(length[1]))
            taken.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    return Load(len(taken) / seconds, 1_000 * sorted(taken)[int(len(taken) * 0.99)])


if __name__ == "__main__":
    _, *where, many, long = sys.argv
    measured = asyncio.run(_sockets(where[0], int(where[1]), where[2], int(many), float(long)))
    sys.stdout.write(f"{measured.rate} {measured.p99}\n")
