"""`groundswell dev`: starts everything, watches it, and stops it in the right order."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from functools import partial
from pathlib import Path

import click
import httpx
import msgspec

from app.dev.children import CommandChild
from app.dev.demo import people, run_traffic
from app.dev.filling import fill
from app.dev.fresh import keep_fresh
from app.dev.history import GUEST
from app.dev.servers import Servers, open_servers
from app.dev.talk import Talk, open_talk
from app.dev.titles import read_shown
from app.embedded import EmbeddedError
from app.embedded.kafka import EmbeddedKafka
from app.errors import GroundswellError, InputError, ServiceError
from app.migrate.migrate import migrate
from app.rankings.calendar_zone import set_calendar_zone
from app.rankings.daily_zone import set_daily_zone
from app.rankings.default_weights import set_default_weights
from app.runtime.addresses import redacted
from app.runtime.running import Running, announced
from app.serve import free_port, is_free
from app.settings import Settings

READY_SECONDS = 60.0
EMBEDDED_SECONDS = 30.0
_LOOK_EVERY = 0.05
_PORT = 8000
_COLOURS = {"dev": "cyan", "api": "green", "worker": "yellow", "demo": "magenta", "kafka": "blue"}


class Dev(msgspec.Struct, frozen=True, kw_only=True):
    """What `groundswell dev` was asked to run."""

    settings: Settings
    """From the environment; its servers are used where DATABASE_URL or REDIS_URL is given."""
    data: Path
    port: int | None
    """Of the API; 8000, or a free one where 8000 is taken, if absent."""
    demo: bool
    kafka: bool = False
    """Whether there is a broker, too, by which the demo's live traffic comes."""


async def run_dev(wanted: Dev) -> None:
    """Run everything until SIGINT or SIGTERM.

    Raises `GroundswellError` when a part cannot be started or kept running; everything else is
    stopped by then. The database stops last, so that the worker can write what it has.
    """
    port = choose_port(wanted.settings.host, wanted.port)
    running = asyncio.create_task(_run(wanted, port))
    _cancel_on_signals(running)
    try:
        await running
    except asyncio.CancelledError:
        say("dev", "stopped")
    except BaseExceptionGroup as group:
        known, unknown = group.split(GroundswellError)
        if unknown or not known:
            raise
        raise first_of(known) from None


async def _run(wanted: Dev, port: int) -> None:
    begun = time.monotonic()
    tell = partial(say, "demo")
    url = f"http://{wanted.settings.host}:{port}"
    async with (
        open_servers(wanted.data, os.environ) as servers,
        _talk(wanted) as talk,
        _broker(wanted) as broker,
        AsyncExitStack() as stack,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(servers.failed())
        report = await migrate(servers.database_url)
        if report.applied or report.replaced:
            say("dev", f"migrated the database: {len(report.applied)} files applied")
        await set_default_weights(servers.database_url, settings=wanted.settings)
        await set_calendar_zone(servers.database_url, zone=wanted.settings.zone)
        await set_daily_zone(servers.database_url, settings=wanted.settings)
        settings = msgspec.structs.replace(
            wanted.settings,
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            database_timeout=_patience(wanted.settings, servers),
        )
        shown = read_shown() if wanted.demo else None
        if shown is not None:
            await fill(shown, settings=settings, folder=wanted.data, say=tell)
        admin_key = wanted.settings.admin_key or secrets.token_urlsafe(16)
        environment = {
            **_environment(wanted, servers, port=port),
            "GROUNDSWELL_ADMIN_KEY": admin_key,
            **({} if talk is None else talk.environment),
        }
        parts = [("api", "serve"), ("worker", "worker")]
        if broker is not None:
            environment["GROUNDSWELL_KAFKA_SERVERS"] = broker.servers
            parts.append(("kafka", "consume"))
        for name, command in parts:
            child = CommandChild(name, [command], environment=environment, say=say)
            group.create_task(child.run(), name=name)
        await _ready(url)
        if shown is not None:
            await people(shown, talk, url=url, admin_key=admin_key, say=tell)
        stack.enter_context(
            announced(
                wanted.data,
                Running(
                    url=url,
                    database_url=servers.database_url,
                    redis_url=servers.redis_url,
                    admin_key=admin_key,
                ),
            )
        )
        say("dev", banner(url, servers, seconds=time.monotonic() - begun))
        if wanted.settings.admin_key is None:
            say("dev", f"  admin key      {admin_key} (of this run)")
        if talk is not None:
            say("dev", f"  signed in as {GUEST}\n    TOKEN={talk.guest_token}")
        if broker is not None:
            say("dev", f"  Kafka          {broker.servers} (in memory)")
        group.create_task(keep_fresh(settings), name="fresh lists")
        if shown is not None:
            kafka = None if broker is None else broker.servers
            await run_traffic(shown, url=url, say=tell, kafka=kafka)


def _environment(wanted: Dev, servers: Servers, *, port: int) -> dict[str, str]:
    """Return what API and worker are told beside keys and secrets."""
    return {
        **os.environ,
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "HOST": wanted.settings.host,
        "PORT": str(port),
        # No page may reach it by a name of its own, whatever address it listens on.
        "GROUNDSWELL_ALLOWED_HOSTS": wanted.settings.allowed_hosts or "localhost",
        # Whoever presses Ctrl-C waits for no open page.
        "GROUNDSWELL_STOP_SECONDS": "0",
        "GROUNDSWELL_DATABASE_TIMEOUT": f"{_patience(wanted.settings, servers):g}",
    }


def _patience(settings: Settings, servers: Servers) -> float:
    """Return for how many seconds the database may be silent: the embedded one works for one only.

    Whoever waits for it while one of its jobs runs has met no outage.
    """
    is_embedded = servers.lost is not None and "DATABASE_URL" not in os.environ
    return max(settings.database_timeout, EMBEDDED_SECONDS if is_embedded else 0.0)


@asynccontextmanager
async def _broker(wanted: Dev) -> AsyncIterator[EmbeddedKafka | None]:
    """Run a broker while it is wanted; raises `ServiceError` where none can be started."""
    if not wanted.kafka:
        yield None
        return
    broker = EmbeddedKafka()
    try:
        await broker.start()
    except EmbeddedError as error:
        raise ServiceError(str(error)) from error
    try:
        yield broker
    finally:
        await broker.stop()


def _talk(wanted: Dev) -> AbstractAsyncContextManager[Talk | None]:
    return open_talk(wanted.settings, wanted.data) if wanted.demo else nullcontext()


async def _ready(url: str) -> None:
    """Return when the API says it is ready; raises `ServiceError` after `READY_SECONDS`."""
    answer = "nothing"
    deadline = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(base_url=url, timeout=5) as client:
        while time.monotonic() < deadline:
            try:
                response = await client.get("/health/ready")
            except httpx.TransportError as error:
                answer = type(error).__name__
            else:
                if response.is_success:
                    return
                answer = response.text
            await asyncio.sleep(_LOOK_EVERY)
    raise ServiceError(f"the API is not ready after {READY_SECONDS:g} s; it answers {answer}")


def choose_port(host: str, wanted: int | None) -> int:
    """Return `wanted`, or 8000, or a free port; raises `InputError` if `wanted` is taken."""
    if wanted is not None and not is_free(host, wanted):
        raise InputError(f"port {wanted} of {host} is taken: choose another with --port (PORT=)")
    if wanted is None:
        return _PORT if is_free(host, _PORT) else free_port(host)
    return wanted


def banner(url: str, servers: Servers, *, seconds: float) -> str:
    """Return what to open and where, for people."""
    return "\n".join(
        (
            f"Groundswell is ready after {seconds:.1f} s. Ctrl-C stops it.",
            f"  trending now   {url}/",
            f"  API reference  {url}/schema",
            f"  database       psql '{redacted(servers.database_url)}'",
            f"  Redis          redis-cli -u {redacted(servers.redis_url)}",
        )
    )


def say(name: str, text: str) -> None:
    """Print each line of `text` behind the name of the part it is from."""
    for line in text.splitlines():
        click.echo(f"{click.style(f'{name:<6}', fg=_COLOURS.get(name))} | {line}")


def first_of(group: BaseExceptionGroup[GroundswellError]) -> GroundswellError:
    """Return the first error in a tree of groups."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, GroundswellError) else ServiceError(str(error))


def _cancel_on_signals(task: asyncio.Task[None]) -> None:
    """Cancel `task` on the first SIGINT or SIGTERM; leave at once on the second."""

    def stop() -> None:
        if task.cancelling():
            os._exit(130)  # the children end with this process
        say("dev", "stopping; once more to leave at once")
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
