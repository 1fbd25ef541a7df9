"""One connection for a command, and what it means where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import InputError, UnavailableError
from app.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from app.runtime.sql import Connection

    Found = TypeVar("Found")


async def connected(run: Callable[[Connection], Awaitable[Found]]) -> Found:
    """Return what `run` does; raises `InputError`, `UnavailableError`."""
    import psycopg  # noqa: PLC0415 - most commands need none

    try:
        async with await psycopg.AsyncConnection.connect(
            read_settings().database_url, autocommit=True, prepare_threshold=None, connect_timeout=5
        ) as connection:
            return await run(connection)
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction) as error:
        raise InputError("the database is not migrated: run `groundswell migrate`") from error
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {error}") from error
