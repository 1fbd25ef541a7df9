"""Telling a server that is down, which is waited for, from one that will not let us in."""

from __future__ import annotations

import re

import psycopg
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

_DATABASE: tuple[tuple[str, str], ...] = (
    ("password authentication failed", "it refuses the user or the password of DATABASE_URL"),
    ("no password supplied", "it asks for a password, and DATABASE_URL has none"),
    ("not permitted to log in", "the role of DATABASE_URL may not log in"),
    (r"no pg_hba\.conf entry", "its pg_hba.conf lets nobody in from here as DATABASE_URL says"),
    ("permission denied for database", "the role of DATABASE_URL may not use its database"),
    ('role ".*" does not exist', "the role of DATABASE_URL does not exist"),
    ('database ".*" does not exist', "the database of DATABASE_URL does not exist"),
)
"""What PostgreSQL and libpq say: of a failed connection they give no code."""


def database_refusal(error: Exception) -> str | None:
    """Return why the database will never let us in as we come; None where it may yet."""
    if not isinstance(error, psycopg.OperationalError):
        return None
    said = str(error)
    return next((fault for words, fault in _DATABASE if re.search(words, said)), None)


class WrongKindError(RedisError):
    """It is a node of a cluster, and was named as a single server."""


def redis_refusal(error: Exception) -> str | None:
    """Return why Redis will never let us in as we come; None where it may yet."""
    if isinstance(error, AuthenticationError):
        return "it refuses the user or the password of REDIS_URL"
    if isinstance(error, NoPermissionError):
        return "the user of REDIS_URL may not store anything"
    if isinstance(error, WrongKindError):
        return "it is a node of a cluster: REDIS_URL must begin with redis+cluster://"
    if "cluster support disabled" in str(error):
        return "it is no node of a cluster: REDIS_URL must begin with redis://"
    return None
