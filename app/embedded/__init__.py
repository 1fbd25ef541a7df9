"""An embedded TimescaleDB and Redis, for trying out, developing and testing: no Docker, no root."""

from __future__ import annotations

from app.embedded.errors import EmbeddedError
from app.embedded.redis import EmbeddedRedis, embedded_redis
from app.embedded.services import EmbeddedServices, embedded_services
from app.embedded.timescaledb import EmbeddedTimescaledb, copy_data, embedded_timescaledb

__all__ = [
    "EmbeddedError",
    "EmbeddedRedis",
    "EmbeddedServices",
    "EmbeddedTimescaledb",
    "copy_data",
    "embedded_redis",
    "embedded_services",
    "embedded_timescaledb",
]
