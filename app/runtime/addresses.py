"""Addresses that settings name: what is wrong with one, and how to show it without its password."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import psycopg
import redis.asyncio
from psycopg.conninfo import conninfo_to_dict

from app.runtime.redis_address import redis_address

_DATABASE = ("postgresql", "postgres")
_REDIS: dict[str, type[Any]] = {
    "redis": redis.asyncio.Connection,
    "rediss": redis.asyncio.SSLConnection,
    "unix": redis.asyncio.UnixDomainSocketConnection,
}
_MOST_PORT = 65_535
_IN_URL = re.compile(r"(?<=://)([^/?#\s:@]*):[^/?#\s]*@")
_NAMED = re.compile(r"(\b(?:ssl)?password=)('(?:[^'\\]|\\.)*'|[^\s&'\"]+)", re.IGNORECASE)


def redacted(text: str) -> str:
    """Return a text, such as a line of the log, with stars for the passwords in its addresses."""
    if "://" in text:
        text = _IN_URL.sub(r"\1:***@", text)
    return _NAMED.sub(r"\1***", text) if "assword=" in text or "ASSWORD=" in text else text


def check_database_url(url: str) -> None:
    """Raise `ValueError`, saying what was expected, for what names no PostgreSQL."""
    if urlsplit(url).scheme not in _DATABASE:
        raise ValueError("expected a URL such as postgresql://user@host:5432/database")
    try:
        named = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        # What libpq says of percent signs repeats a part of the password.
        known = str(error) if "query parameter" in str(error) else "it cannot be read as a URL"
        raise ValueError(
            f"expected postgresql://user@host:5432/database: {known.strip()}"
        ) from None
    for port in filter(None, str(named.get("port") or "").split(",")):
        if not (port.isdecimal() and 1 <= int(port) <= _MOST_PORT):
            raise ValueError(f"expected a port from 1 to {_MOST_PORT}, got {port!r}")


def database_urls(text: str) -> list[str]:
    """Return the URLs of a list; commas between the hosts of one URL separate none."""
    parts = re.split(r",\s*(?=\w+://)", text.strip())
    return [part.strip().rstrip(",") for part in parts if part.strip()]


def check_database_urls(text: str) -> None:
    """Raise `ValueError`, saying what was expected, for what is no list of databases."""
    for url in database_urls(text):
        check_database_url(url)


def check_redis_url(url: str) -> None:
    """Raise `ValueError`, saying what was expected, for what names no Redis."""
    wanted = (
        "expected a URL such as redis://host:6379/0, rediss://…, unix:///path, "
        "redis+cluster://host:6379,host:6379 or redis+sentinel://host:26379/service"
    )
    try:
        address = redis_address(url)
        # Nothing is connected by it; it knows its parameters.
        _REDIS[address.scheme](**address.options)
    except TypeError as error:
        unknown = str(error).rpartition("argument ")[2]
        raise ValueError(f"{wanted}: {unknown} is no parameter that it knows") from None
    except ValueError as error:
        raise ValueError(f"{wanted}: {error}") from None


def check_http_url(url: str) -> None:
    """Raise `ValueError` for what names no HTTP server."""
    parts = urlsplit(url)
    _ = parts.port  # raises for what is no port
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise ValueError("expected a URL such as https://host/path")


def check_store_url(url: str) -> None:
    """Raise `ValueError` for what names no store; its keys have settings of their own."""
    check_http_url(url)
    if "@" in urlsplit(url).netloc:
        raise ValueError("expected a URL without a user and a password")


def check_host(host: str) -> None:
    """Raise `ValueError` for what cannot be listened on."""
    try:
        ip_address(host)
    except ValueError:
        raise ValueError("expected an IP address, such as 127.0.0.1, 0.0.0.0 or ::1") from None


def check_origins(text: str) -> None:
    """Raise `ValueError` for what is no list of origins of web pages."""
    for origin in filter(None, map(str.strip, text.split(","))):
        parts = urlsplit(origin)
        if origin != "*" and (not parts.scheme or not parts.netloc or parts.path.strip("/")):
            raise ValueError(f"expected origins such as https://example.org, or *: got {origin!r}")


def check_names(text: str) -> None:
    """Raise `ValueError` for what is no list of host names."""
    for name in filter(None, map(str.strip, text.split(","))):
        if not re.fullmatch(r"\*|\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+", name):
            raise ValueError(f"expected names such as api.example.org, or *: got {name!r}")


def check_brokers(text: str) -> None:
    """Raise `ValueError` for what is no list of brokers of Kafka."""
    for broker in filter(None, map(str.strip, text.split(","))):
        if not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}", broker):
            raise ValueError(f"expected brokers such as kafka-1:9092, kafka-2:9092: got {broker!r}")


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # A machine's own zone is another one on another machine, and Factory is no place. Copies under
    # right/, which count leap seconds and so are 27 seconds off, are not among them.
    return frozenset(available_timezones()) - {"Factory", "localtime"}


def check_zone(name: str) -> None:
    """Raise `ValueError` for what is no time zone."""
    if name not in _zones():
        raise ValueError("expected an IANA time zone, such as Europe/Vienna")
