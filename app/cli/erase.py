"""`groundswell erase`: erase what is kept of a user, or of an item."""

from __future__ import annotations

import asyncio
import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from app.cli.connecting import database
from app.cli.waiting import waiting
from app.errors import InputError, UnavailableError
from app.settings import read_settings

if TYPE_CHECKING:
    from app.erasure.erase import Subject
    from app.erasure.wire import Erased

_COUNTS = click.option(
    "--counts",
    type=click.Choice(["keep", "purge"]),
    required=True,
    help="Whether what was counted stays, as nobody's, or goes too.",
)


@click.group("erase", context_settings={"help_option_names": ["-h", "--help"]})
def erasing() -> None:
    """Erase what is kept of a user, or of an item; it cannot be taken back.

    Stop sending events of it first.
    """


@erasing.command()
@click.argument("user_id")
@_COUNTS
def user(user_id: str, counts: str) -> None:
    """Erase a user's id and sessions from events and likes, or all of those."""
    from app.erasure.erase import Subject  # noqa: PLC0415

    _run(Subject(user_id=user_id), counts)


@erasing.command()
@click.argument("content_id")
@click.option("--content-type", default="video", show_default=True)
@_COUNTS
def item(content_id: str, content_type: str, counts: str) -> None:
    """Erase an item's name and texts, or its counts too."""
    from app.erasure.erase import Subject  # noqa: PLC0415

    _run(Subject(content_type=content_type, content_id=content_id), counts)


def _run(subject: Subject, counts: str) -> None:
    with waiting("erasing"):
        erased = asyncio.run(_erase(subject, counts))
    if erased is None:
        raise InputError(f"no {subject.content_type} has the id {subject.content_id!r}")
    click.echo(
        f"erased from {erased.events} events, and {erased.waiting} that waited; "
        f"{erased.comments} comments gone; {erased.likes} likes stay as nobody's"
        + (f"; {erased.uploads} uploads" if erased.uploads else "")
    )


async def _erase(subject: Subject, counts: str) -> Erased | None:
    from redis.exceptions import RedisError  # noqa: PLC0415

    from app.audit.queries import begin_audit, end_audit  # noqa: PLC0415
    from app.erasure.erase import erase  # noqa: PLC0415
    from app.runtime.redis_client import open_redis  # noqa: PLC0415

    settings = read_settings()

    try:
        async with database() as connection, open_redis(settings) as redis:
            audit_id = await begin_audit(
                connection,
                who=f"{getpass.getuser()}, command line",
                action="erase",
                parameters=msgspec.json.encode(subject.parameters(counts)),
            )
            erased: Erased | None = None
            error: str | None = "cut off"
            try:
                erased = await erase(
                    database, redis, subject, purges=counts == "purge", as_of=datetime.now(UTC)
                )
                error = None
            finally:
                outcome = None if erased is None else msgspec.json.encode(erased)
                await end_audit(connection, audit_id=audit_id, outcome=outcome, error=error)
    except RedisError as failure:
        raise UnavailableError(f"Redis does not answer: {failure}") from failure
    return erased
