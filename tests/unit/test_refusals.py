"""What servers say of a login that waiting will not mend, and what only sounds like it."""

from __future__ import annotations

import psycopg
import pytest
from redis.exceptions import AuthenticationError, BusyLoadingError

from app.runtime.refusals import database_refusal, redis_refusal

AT = 'connection to server at "127.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('FATAL:  password authentication failed for user "gs"', "password of DATABASE_URL"),
        ("fe_sendauth: no password supplied", "DATABASE_URL has none"),
        ('FATAL:  role "gs" is not permitted to log in', "may not log in"),
        ('FATAL:  role "gs" does not exist', "role of DATABASE_URL does not exist"),
        ('FATAL:  database "gs" does not exist', "database of DATABASE_URL does not exist"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "gs"', "pg_hba.conf"),
        ('FATAL:  permission denied for database "gs"', "may not use its database"),
    ],
)
def test_a_login_that_cannot_work_is_told_from_an_outage(said: str, told: str) -> None:
    assert told in str(database_refusal(psycopg.OperationalError(AT + said)))


@pytest.mark.parametrize(
    "said",
    [
        "Connection refused",
        "FATAL:  the database system is starting up",
        "FATAL:  sorry, too many clients already",
        'FATAL:  too many connections for role "gs"',
        'FATAL:  database "gs" is not currently accepting connections',
        "could not translate host name: Temporary failure in name resolution",
    ],
)
def test_what_passes_is_waited_for(said: str) -> None:
    assert database_refusal(psycopg.OperationalError(AT + said)) is None


def test_a_server_that_cannot_be_reached_is_waited_for() -> None:
    assert database_refusal(TimeoutError()) is None
    assert redis_refusal(BusyLoadingError("loading")) is None
    assert redis_refusal(ConnectionRefusedError()) is None


def test_redis_refuses_a_password() -> None:
    error = AuthenticationError("invalid username-password pair or user is disabled.")
    assert redis_refusal(error) == "it refuses the user or the password of REDIS_URL"
