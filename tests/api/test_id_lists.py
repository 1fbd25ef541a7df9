"""Lists of ids in Redis, read by the documented commands, against the lists that the API serves."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from app.runtime.redis_keys import named
from tests.api.conftest import Stage
from tests.sql.world import AS_OF

DOCS = (Path(__file__).parents[2] / "docs/redis-lists.md").read_text()
COMMANDS = re.findall(r"```redis\n(.+)\n```", DOCS)
PYTHON = re.findall(r"```python\n(.+?)```", DOCS, flags=re.DOTALL)
TYPES = ("movie", "video", "tv:x")


@pytest.fixture
async def listed(stage: Stage) -> Stage:
    """Sixty items of three types, some ids in all of them, many with the same counts."""
    chance = random.Random(5)  # noqa: S311  # no secret
    for number in range(60):
        item = await stage.world.item(
            f"i{number // 2}:{{x}}",
            content_type=TYPES[(number % 2 + number // 2) % 3],
            creator=chance.choice(["Ada", "Bob:by", None]),
            attributes={"rating": number % 10} if number % 3 else {},
        )
        await stage.world.happened(item, "view", chance.randrange(1, 4))
        await stage.world.happened(item, "like", chance.randrange(1, 3))
    await stage.show()
    return stage


def lines(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(item["contentType"], item["contentId"]) for item in items]


async def all_of(stage: Stage, path: str) -> list[tuple[str, str]]:
    return lines((await stage.get(path, limit=100))["items"])


async def test_the_documented_commands_give_what_the_api_lists(
    listed: Stage, redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        for command in COMMANDS:
            verb, key, first, last = command.split()
            found = client.execute_command(verb, key, first, last)
            prefix, _, rest = key.partition("}:ids:")
            ranking, _, kind = rest.partition(":")
            is_top = prefix.endswith("{top")
            path = f"/analytics/{'top' if is_top else 'rankings'}/{ranking.removeprefix('top_')}"
            served = await all_of(listed, path if is_top else f"/analytics/rankings/{ranking}")
            wanted = [
                content_id if kind else named(content_type, content_id)
                for content_type, content_id in served
                if kind in {"", content_type}
            ]
            assert found == wanted[: int(last) + 1], command
            assert len(found) >= 2, command
    assert len(COMMANDS) == 4


def test_the_documented_program_runs(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.delete("gs:{trending}:ids:hot_movie:movie")
        client.zadd("gs:{trending}:ids:hot_movie:movie", {"a": -2, "b": -1})
        (program,) = PYTHON
        exec(compile(program, "docs/redis-lists.md", "exec"), {})  # noqa: S102  # our own docs
        assert capsys.readouterr().out == "['b', 'a']\n"
        client.delete("gs:{trending}:ids:hot_movie:movie")


async def test_every_list_of_every_type_is_there_and_follows(
    listed: Stage, redis: redis.asyncio.Redis
) -> None:
    rankings = (await listed.get("/analytics/rankings"))["rankings"]
    for step in range(2):
        if step:
            for item in range(1, 61, 3):
                await listed.world.happened(item, "view", 5)
            await listed.world.execute("update core.ranking set enabled = false where name = 'hot'")
            await listed.show(AS_OF + timedelta(minutes=1))
        keys = set[bytes]()
        for one in rankings:
            name, is_top = one["name"], one["formula"] == "top_count"
            if step and name == "hot":
                continue
            path, period = f"/analytics/rankings/{name}", {}
            if is_top:
                stem, _, shown = name.removeprefix("top_").partition("_")
                path, period = f"/analytics/top/{stem}", {"period": shown or "7d"}
            page = await listed.get(path, limit=100, **period)
            served = lines(page["items"])
            base = f"gs:{{{'top' if is_top else 'trending'}}}:ids:{name}"
            assert await redis.zrevrange(base, 0, -1) == [
                named(*line).encode() for line in served
            ], name
            for content_type in {line[0] for line in served}:
                key = f"{base}:{content_type.replace(':', '%3A')}"
                assert await redis.zrevrange(key, 0, -1) == [
                    content_id.encode() for kind, content_id in served if kind == content_type
                ], key
                assert await redis.ttl(key) > 0
                keys |= {key.encode(), base.encode()}
        # Nothing else is left: neither of types that went, nor of rankings.
        held = {key async for key in redis.scan_iter("gs:{t*}:ids:*")}
        assert held == keys


async def test_a_run_without_news_renews_them(listed: Stage, redis: redis.asyncio.Redis) -> None:
    key = "gs:{trending}:ids:score_movie:movie"
    await redis.expire(key, 3_600)
    await listed.show(AS_OF + timedelta(days=1))
    assert await redis.ttl(key) > 86_000
