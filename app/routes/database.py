"""The database's answers and refusals as a route needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import errors

from app.database.pool import Pool, PooledConnection
from app.errors import BadRequestError, UnavailableError, UnknownRankingError
from app.serving.outage import DATABASE_ERRORS

RETRY_AFTER = 5.0
"""Seconds after which a caller may try again when the database is down."""


@asynccontextmanager
async def connected(pool: Pool, *, within: float) -> AsyncIterator[PooledConnection]:
    """Lend a connection for `within` seconds.

    What the database refuses in words of its own is the caller's fault: `BadRequestError`, or
    `UnknownRankingError` for no_data_found. All else it cannot do now: `UnavailableError`.
    """
    with_timeout = asyncio.timeout(within)
    try:
        async with with_timeout, pool.connection() as connection:
            yield connection
    except errors.NoDataFound as error:
        raise UnknownRankingError(_message(error)) from error
    except (errors.CheckViolation, psycopg.DataError) as error:
        raise BadRequestError(_message(error)) from error
    except DATABASE_ERRORS as error:
        detail = "the database does not answer"
        if with_timeout.expired():
            detail = f"the database gave no answer within {within:g} seconds"
        raise UnavailableError(detail, retry_after=RETRY_AFTER) from error


def _message(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error)
