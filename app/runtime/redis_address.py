"""What `REDIS_URL` names: one server, a cluster, or a service that sentinels watch."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from redis.asyncio.connection import parse_url

Kind = Literal["single", "cluster", "sentinel"]
Address = tuple[str, int]
"""Host and port."""

_PORTS = {"cluster": 6379, "sentinel": 26379}
_SCHEMES = ("redis", "rediss", "unix")


class RedisAddress(NamedTuple):
    """Where Redis is, and how to come in."""

    kind: Kind
    scheme: str
    """Of each single connection: `redis`, `rediss` over TLS, or `unix`."""
    hosts: list[Address]
    """Of a cluster, nodes to begin with; of a service, its sentinels; of one server, nothing."""
    options: dict[str, Any]
    """What redis-py's connections to servers of Redis are made with, a single one's place, too."""
    service: str = ""
    """What the sentinels call it."""
    sentinel_options: dict[str, Any] = {}  # noqa: RUF012  # nobody writes it
    """How to come in to the sentinels."""

    @property
    def tls_options(self) -> dict[str, Any]:
        """Return what is said of certificates."""
        return {name: value for name, value in self.options.items() if name.startswith("ssl_")}


def redis_address(url: str) -> RedisAddress:
    """Read a URL; raises `ValueError` for what names no Redis."""
    scheme, _, kind = urlsplit(url).scheme.partition("+")
    if scheme not in _SCHEMES or kind not in {"", *_PORTS} or (kind and scheme == "unix"):
        raise ValueError(f"{urlsplit(url).scheme or 'nothing'} is no scheme of Redis")
    if kind == "cluster":
        return _cluster(scheme, url)
    if kind == "sentinel":
        return _sentinel(scheme, url)
    parts = urlsplit(url)
    _ = parts.port  # raises for what is no port
    if scheme != "unix":
        _database(parts.path)
    return RedisAddress("single", scheme, [], _options(url, "connection_class"))


def _cluster(scheme: str, url: str) -> RedisAddress:
    parts = urlsplit(url)
    if _database(parts.path):
        raise ValueError("a cluster has the database 0 only")
    user, hosts = _hosts(parts.netloc, _PORTS["cluster"])
    options = _options(f"{scheme}://{user}host/?{parts.query}")
    return RedisAddress("cluster", scheme, hosts, options)


def _sentinel(scheme: str, url: str) -> RedisAddress:
    parts = urlsplit(url)
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("the name of the service is missing: redis+sentinel://host:26379/service")
    user, hosts = _hosts(parts.netloc, _PORTS["sentinel"])
    given = parse_qsl(parts.query, keep_blank_values=True)
    own = {name.removeprefix("sentinel_"): value for name, value in given if _is_sentinel_s(name)}
    if unknown := own.keys() - {"username", "password"}:
        raise ValueError(f"sentinel_{min(unknown)} is no parameter: give a username or a password")
    query = urlencode([(name, value) for name, value in given if not _is_sentinel_s(name)])
    options = _options(f"{scheme}://{user}host/{_database(database) or ''}?{query}")
    return RedisAddress("sentinel", scheme, hosts, options, unquote(service), own)


def _is_sentinel_s(name: str) -> bool:
    return name.startswith("sentinel_")


def _hosts(netloc: str, port: int) -> tuple[str, list[Address]]:
    """Return what stands before the hosts, and the hosts."""
    user, at, listed = netloc.rpartition("@")
    hosts = []
    for host in listed.split(","):
        parts = urlsplit(f"//{host.strip()}")
        if not parts.hostname:
            raise ValueError(f"{host.strip() or 'nothing'} is no host: give host:port,host:port")
        hosts.append((parts.hostname, port if parts.port is None else parts.port))
    return user + at, hosts


def _database(path: str) -> int:
    database = path.strip("/")
    if database and not database.isdecimal():
        raise ValueError(f"the database {database!r} is no number")
    return int(database or 0)


def _options(url: str, *but: str) -> dict[str, Any]:
    dropped = but or ("connection_class", "host", "port")
    return {name: value for name, value in parse_url(url).items() if name not in dropped}
