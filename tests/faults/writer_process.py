"""The writer alone, as a process to kill: `python -m tests.faults.writer_process`."""

from __future__ import annotations

import asyncio
import signal

from app.database.pool import open_pool
from app.ingest.writer import run_writer
from app.redis_client import open_redis
from app.settings import read_settings


async def main() -> None:
    """Write until SIGTERM."""
    settings = read_settings()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_pool(settings) as pool, open_redis(settings) as redis:
        await run_writer(settings=settings, pool=pool, redis=redis, stop=stop)


if __name__ == "__main__":
    asyncio.run(main())
