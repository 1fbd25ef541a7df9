"""Uploads that nobody finalises, or whose user or item is erased: dropped, and out of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.errors import UnavailableError
from app.runtime.pool import Pool
from app.settings import Settings
from app.uploads.remover import Remover
from app.uploads.store import open_store
from tests.api.conftest import problem
from tests.serving import bearer
from tests.tokens import signed_in
from tests.uploads.gate import Gate
from tests.uploads.s3 import S3
from tests.uploads.stage import begun, finalize, one_row, put


async def drop(pool: Pool, after: timedelta) -> int:
    (dropped,) = await one_row(pool, "select api.drop_uploads(%s)", datetime.now(UTC) + after)
    assert isinstance(dropped, int)
    return dropped


async def removed(settings: Settings, pool: Pool) -> int:
    async with open_store(settings) as store:
        assert store is not None
        return await Remover(settings=settings, pool=pool, store=store).remove_due()


async def run_out(pool: Pool, since: timedelta = timedelta(seconds=1)) -> None:
    """Let the addresses of all uploads be over for so long, and leases on them."""
    async with pool.connection() as connection:
        await connection.execute("update core.upload set expires_at = now() - %s", [since])
        await connection.execute(
            "update core.upload set remove_at = now() - interval '1 s' where state = 'dropped'"
        )


async def test_what_is_abandoned_is_dropped_and_leaves_the_store(
    api: httpx.AsyncClient, uploading: Settings, pool: Pool, s3: S3, gate: Gate
) -> None:
    kept, late = await begun(api), await begun(api)
    assert (await finalize(api, kept)).status_code == 200
    assert await drop(pool, timedelta(hours=24)) == 0
    assert await drop(pool, timedelta(hours=26)) == 1
    answer = await finalize(api, late)
    await problem(answer, 410, "upload-gone")
    # Its address still holds.
    assert await removed(uploading, pool) == 0
    await run_out(pool)
    await gate.shut()
    with pytest.raises(UnavailableError):
        await removed(uploading, pool)
    await gate.open()
    # Its lease is not over.
    assert await removed(uploading, pool) == 0
    await run_out(pool)
    assert await removed(uploading, pool) == 1
    assert s3.keys == {f"uploads/{kept['id']}"}
    await problem(await finalize(api, late), 410, "upload-gone")
    # What was being put while its address held ended now. It is looked for once more, for good.
    assert await put(late) == 200
    assert await removed(uploading, pool) == 0
    await run_out(pool, timedelta(days=1, seconds=1))
    assert await removed(uploading, pool) == 1
    assert s3.keys == {f"uploads/{kept['id']}"}
    await problem(await finalize(api, late), 404, "unknown-upload")
    assert (await finalize(api, kept)).status_code == 200


async def test_the_maintenance_job_drops_them(api: httpx.AsyncClient, pool: Pool) -> None:
    await begun(api)
    async with pool.connection() as connection:
        await connection.execute("call api.maintain_storage(now() + interval '26 hours')")
    assert await one_row(pool, "select state from core.upload") == ("dropped",)


async def test_with_an_item_go_its_files_and_with_a_user_what_is_pending(
    api: httpx.AsyncClient, uploading: Settings, pool: Pool, s3: S3
) -> None:
    first, second, pending, bobs = [await begun(api, user=name) for name in ("ada",) * 3 + ("bob",)]
    for upload in (first, second):
        assert (await finalize(api, upload)).status_code == 200
    admin = bearer(uploading.admin_key or "")
    erased = await api.post(
        "/admin/erasures", json={"contentId": first["id"], "counts": "keep"}, headers=admin
    )
    assert erased.json()["uploads"] == 1
    erased = await api.delete("/me", headers=signed_in("ada"))
    assert erased.json()["uploads"] == 3
    await problem(await finalize(api, second), 404, "unknown-upload")
    await run_out(pool, timedelta(days=1, seconds=1))
    assert await removed(uploading, pool) == 2
    assert s3.keys == {f"uploads/{second['id']}", f"uploads/{bobs['id']}"}
    assert pending["id"] not in str(s3.keys)
    rows = await one_row(
        pool,
        "select string_agg(upload::text, ' '), count(*) from core.upload where owner <> 'user:bob'",
    )
    assert rows[1] == 1
    assert "user:" not in rows[0]
    assert "creator" not in rows[0]
    assert (await finalize(api, bobs, "bob")).status_code == 200
