"""Start both embedded servers by hand: `python -m app.embedded --data DIR`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

import structlog

from app.embedded.errors import EmbeddedError
from app.embedded.services import embedded_services


async def run(data: Path, port: int, redis_port: int) -> int:
    """Print the two addresses, and run until SIGTERM, SIGINT or a server that is given up."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with embedded_services(data, postgres_port=port, redis_port=redis_port) as services:
        print(services.database_url, services.redis_url, sep="\n", flush=True)
        stopped = asyncio.create_task(stop.wait())
        failed = asyncio.create_task(services.failed())
        done, _ = await asyncio.wait({stopped, failed}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        failed.cancel()
        return 1 if failed in done else 0


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m app.embedded", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that keeps everything")
    parser.add_argument("--port", type=int, default=0, help="PostgreSQL port, 0 is a free one")
    parser.add_argument("--redis-port", type=int, default=0, help="Redis port, 0 is a free one")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    try:
        return asyncio.run(run(arguments.data, arguments.port, arguments.redis_port))
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
