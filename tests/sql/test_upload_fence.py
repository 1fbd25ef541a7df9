"""The fence of an upload: of all who began, the last one ends it, and it becomes one item."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.runtime.pool import Pool
from app.uploads.queries import (
    create_upload,
    finalize_upload,
    take_upload,
    upload_state,
)

AS_OF = datetime(2026, 3, 14, 12, tzinfo=UTC)
ID = UUID("019a2b6c-0000-7000-8000-000000000001")
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("clean")


async def create(connection: psycopg.AsyncConnection[Any], **more: Any) -> None:
    entry = {"contentId": "film", "contentType": "video", "title": "Once"}
    given: dict[str, Any] = {
        "upload_id": ID, "owner": "user:ada", "object_key": "uploads/film", "size_bytes": 4,
        "digest": bytes(32), "media_type": "video/mp4", "entry": json.dumps(entry).encode(),
        "expires_at": AS_OF + HOUR, "abandoned_at": AS_OF + 2 * HOUR, "as_of": AS_OF,
    }  # fmt: skip
    await create_upload(connection, **given | more)


async def titles(connection: psycopg.AsyncConnection[Any]) -> list[str]:
    found = await connection.execute("select title from core.item")
    return [title for (title,) in await found.fetchall()]


async def test_the_last_who_began_ends_it_and_nobody_else(pool: Pool) -> None:
    async with pool.connection() as connection:
        await create(connection)
        assert [await take_upload(connection, upload_id=ID) for _ in range(3)] == [1, 2, 3]
        for fence, is_won in ((1, False), (2, False), (4, False), (3, True)):
            ended = await finalize_upload(
                connection, upload_id=ID, fence=fence, as_of=AS_OF + fence * HOUR
            )
            assert ended is is_won
            assert await titles(connection) == (["Once"] if is_won else [])
        # Whoever comes late changes neither the item nor the answer.
        await connection.execute("update core.item set title = 'Renamed'")
        for fence in (1, 2):
            assert not await finalize_upload(connection, upload_id=ID, fence=fence, as_of=AS_OF)
        assert await finalize_upload(connection, upload_id=ID, fence=3, as_of=AS_OF)
        assert await titles(connection) == ["Renamed"]
        assert await take_upload(connection, upload_id=ID) is None
        found = await upload_state(connection, upload_id=ID, owner="user:ada")
        assert found is not None
        assert (found.state, found.content_id) == ("finalized", "film")
        assert found.finalized_at == AS_OF + 3 * HOUR
        assert await upload_state(connection, upload_id=ID, owner="user:bob") is None


async def test_item_and_state_go_together_or_not_at_all(pool: Pool) -> None:
    async with pool.connection() as connection:
        await create(connection, entry=b'{"contentId": "film", "title": "x", "publishedAt": "?"}')
        fence = await take_upload(connection, upload_id=ID)
        assert fence is not None
        with pytest.raises(psycopg.DataError):
            await finalize_upload(connection, upload_id=ID, fence=fence, as_of=AS_OF)
        found = await upload_state(connection, upload_id=ID, owner=None)
        assert found is not None
        assert found.state == "pending"
        assert await titles(connection) == []


async def test_what_is_dropped_is_finalised_no_more(pool: Pool) -> None:
    async with pool.connection() as connection:
        await create(connection)
        fence = await take_upload(connection, upload_id=ID)
        assert fence == 1
        for as_of, dropped in ((AS_OF + HOUR, 0), (AS_OF + 2 * HOUR, 1), (AS_OF + 3 * HOUR, 0)):
            (count,) = (
                await (await connection.execute("select api.drop_uploads(%s)", (as_of,))).fetchone()
                or ()
            )
            assert count == dropped
        assert not await finalize_upload(connection, upload_id=ID, fence=fence, as_of=AS_OF)
        assert await titles(connection) == []


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"owner": "ada"}, "upload_owner_known"),
        ({"owner": "key:x"}, "upload_owner_known"),
        ({"size_bytes": 0}, "upload_size_positive"),
        ({"digest": b"short"}, "upload_digest_is_sha256"),
        ({"abandoned_at": AS_OF}, "upload_abandoned_after_its_address"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_rows_keep_their_rules(pool: Pool, more: dict[str, Any], rule: str) -> None:
    async with pool.connection() as connection:
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            await create(connection, **more)
    assert refused.value.diag.constraint_name == rule
