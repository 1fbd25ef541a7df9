"""`groundswell doctor`: what is wrong here, and how to mend it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.connecting import database
from app.cli.tables import as_json, echo_json
from app.cli.waiting import waiting
from app.errors import GroundswellError
from app.settings import read_settings

if TYPE_CHECKING:
    from app.health.findings import Finding
    from app.settings import Settings

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@as_json
def doctor(*, as_json: bool) -> None:
    """Look at database, Redis, jobs, clocks and disk; say what is wrong and how to mend it.

    Ends with 1 where something does not work.
    """
    with waiting("looking"):
        findings = asyncio.run(_looked(read_settings()))
    if as_json:
        echo_json(findings)
    else:
        for finding in findings:
            _echo(finding)
    if any(finding.verdict == "fail" for finding in findings):
        raise click.exceptions.Exit(1)


def _echo(finding: Finding) -> None:
    verdict = click.style(f"{finding.verdict:<4}", fg=_COLOURS[finding.verdict])
    click.echo(f"{verdict}  {finding.what}: {finding.says}")
    if finding.mend:
        click.echo(f"      to mend it: {finding.mend}")


async def _looked(settings: Settings) -> list[Finding]:
    from app.health.doctor import look_at_disk  # noqa: PLC0415

    return [
        *await _of_database(settings),
        *await _of_redis(settings),
        look_at_disk(Path.cwd()),
    ]


async def _of_database(settings: Settings) -> list[Finding]:
    from app.health.doctor import look_at_database, look_at_replicas  # noqa: PLC0415
    from app.health.findings import Finding  # noqa: PLC0415
    from app.migrate.migrate import differences  # noqa: PLC0415

    found: list[Finding] = []
    try:
        async with database():
            pass
        if missing := await differences(settings.database_url, patience=1.0):
            found.append(
                Finding(
                    what="schema",
                    verdict="fail",
                    says=f"{len(missing)} differences, such as {'; '.join(missing[:3])}",
                    mend="`groundswell migrate`; with --check it lists them all",
                )
            )
        async with database() as connection:
            found += await look_at_database(connection)
        found += await look_at_replicas(settings)
    except GroundswellError as error:
        mend = "start it, mend DATABASE_URL, or `groundswell migrate`"
        found.append(Finding(what="database", verdict="fail", says=error.detail, mend=mend))
    return found


async def _of_redis(settings: Settings) -> list[Finding]:
    from redis.exceptions import RedisError  # noqa: PLC0415

    from app.health.doctor import look_at_redis  # noqa: PLC0415
    from app.health.findings import Finding  # noqa: PLC0415
    from app.runtime.redis_client import open_redis  # noqa: PLC0415

    try:
        async with open_redis(settings) as redis:
            return await look_at_redis(redis, settings)
    except (RedisError, OSError) as error:
        says = f"it does not answer: {error}"
        mend = "start it, or mend REDIS_URL"
        return [Finding(what="Redis", verdict="fail", says=says, mend=mend)]
