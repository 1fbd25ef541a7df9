"""What `REDIS_URL` may name, and what is said of anything else."""

from __future__ import annotations

import pytest

from app.errors import SettingError
from app.runtime.redis_address import redis_address
from app.runtime.redis_client import open_redis
from app.runtime.redis_cluster import ClusterRedis
from app.runtime.redis_sentinel import SentinelRedis
from app.settings import Settings, read_settings


def test_a_cluster_by_several_nodes() -> None:
    found = redis_address("rediss+cluster://ann:p%40ss@one:7000,[::1]:7001,three/0?ssl_ca_certs=ca")
    assert found.kind == "cluster"
    assert found.scheme == "rediss"
    assert found.hosts == [("one", 7000), ("::1", 7001), ("three", 6379)]
    assert found.options == {"username": "ann", "password": "p@ss", "ssl_ca_certs": "ca"}


def test_a_service_by_its_sentinels() -> None:
    found = redis_address(
        "redis+sentinel://:secret@one,two:26380/my%20service/2?sentinel_password=other"
    )
    assert (found.kind, found.service) == ("sentinel", "my service")
    assert found.hosts == [("one", 26379), ("two", 26380)]
    assert found.options == {"password": "secret", "db": 2}
    assert found.sentinel_options == {"password": "other"}


async def test_each_has_its_client() -> None:
    """Over TLS, too; nothing is connected yet."""
    for tls in ("redis", "rediss"):
        for kind, client in (("cluster", ClusterRedis), ("sentinel", SentinelRedis)):
            url = f"{tls}+{kind}://u:p@one:1,two:2/" + ("s" if kind == "sentinel" else "")
            async with open_redis(Settings(redis_url=url)) as opened:
                assert isinstance(opened, client)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis+cluster://", "no host"),
        ("redis+cluster://one:7000,", "no host"),
        ("redis+cluster://one:port", "Port could not be cast"),
        ("redis+cluster://one:7000/1", "the database 0 only"),
        ("redis+cluster://one?colour=red", "'colour' is no parameter"),
        ("redis+sentinel://one:26379", "the name of the service is missing"),
        ("redis+sentinel://one/service/x", "'x' is no number"),
        ("redis+sentinel://one/service?sentinel_colour=red", "sentinel_colour is no parameter"),
        ("unix+cluster:///path", r"unix\+cluster is no scheme"),
        ("redis+ring://one", r"redis\+ring is no scheme"),
    ],
)
def test_a_wrong_address_is_told(url: str, says: str) -> None:
    with pytest.raises(SettingError, match=says) as told:
        read_settings({"REDIS_URL": url})
    assert told.value.detail.startswith("REDIS_URL=")
    assert "redis+sentinel://host:26379/service" in told.value.detail


def test_no_password_is_shown() -> None:
    with pytest.raises(SettingError) as told:
        read_settings({"REDIS_URL": "redis+cluster://ann:secret@one:7000,two:7001/3"})
    assert "secret" not in told.value.detail
