"""What trending and stats are compared with: servers of one answer, on the same granian settings.

`python -m bench._rivals {litestar,raw} PORT FILE`, where FILE holds the bytes to answer with, or
`redis_get PORT URL`, which gets them from that Redis each time.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from litestar import Litestar, MediaType, Response, get

from app.runtime.lifeline import end_with_parent
from app.runtime.redis_client import open_redis
from app.serve import granian_of
from app.settings import Settings

KEY = "bench:answer"
"""Where `redis_get` looks."""
_BODY = "BENCH_BODY"
"""The file, or Redis, that a worker is told of."""


def litestar() -> Litestar:
    """Make an application with one route that Litestar routes, runs and answers."""
    end_with_parent()
    body = Path(os.environ[_BODY]).read_bytes()

    @get("/analytics/trending")
    async def constant() -> Response[bytes]:
        return Response(body, media_type=MediaType.JSON)

    return Litestar([constant], openapi_config=None, logging_config=None)


def raw() -> Any:  # noqa: ANN401
    """Make an application that looks at nothing: what granian and ASGI cost by themselves."""
    end_with_parent()
    body = Path(os.environ[_BODY]).read_bytes()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    message = {"type": "http.response.body", "body": body, "more_body": False}

    async def application(scope: dict[str, Any], _receive: Any, send: Any) -> None:  # noqa: ANN401
        if scope["type"] == "http":
            await send(start)
            await send(message)

    return application


def redis_get() -> Any:  # noqa: ANN401
    """Make an application that looks at nothing, but gets its answer from Redis by one GET."""
    end_with_parent()
    client = open_redis(Settings(redis_url=os.environ[_BODY]))

    async def application(scope: dict[str, Any], _receive: Any, send: Any) -> None:  # noqa: ANN401
        if scope["type"] == "http":
            body = await client.get(KEY) or b""
            length = (b"content-length", b"%d" % len(body))
            headers = [(b"content-type", b"application/json"), length]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})

    return application


if __name__ == "__main__":
    _, name, port, what = sys.argv
    os.environ[_BODY] = what
    granian_of(f"bench._rivals:{name}", host="127.0.0.1", port=int(port), workers=1).serve()
