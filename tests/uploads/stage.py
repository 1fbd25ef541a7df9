"""Beginning, putting and finalising uploads, as callers do."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx

from app.runtime.pool import Pool
from tests.site import NO_CERTIFICATES
from tests.tokens import signed_in

Json = dict[str, Any]
CONTENT = b"the bytes of a film"


def declared(content: bytes = CONTENT, **more: Any) -> Json:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), **more}


async def begin(
    api: httpx.AsyncClient, content: bytes = CONTENT, user: str = "ada", **more: Any
) -> Json:
    answer = await api.post("/uploads", json=declared(content, **more), headers=signed_in(user))
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


async def put(upload: Json, content: bytes = CONTENT) -> int:
    """Do what the answer says; return the status of the store."""
    headers = upload["headers"] | {"content-length": str(len(content))}
    async with httpx.AsyncClient(trust_env=False, verify=NO_CERTIFICATES) as client:
        answer = await client.request(
            upload["method"], upload["url"], content=content, headers=headers
        )
    return answer.status_code


async def begun(api: httpx.AsyncClient, content: bytes = CONTENT, **more: Any) -> Json:
    """Begin an upload, and put its bytes."""
    upload = await begin(api, content, **more)
    assert await put(upload, content) == 200
    return upload


async def finalize(api: httpx.AsyncClient, upload: Json, user: str = "ada") -> httpx.Response:
    return await api.post(f"/uploads/{upload['id']}/finalize", headers=signed_in(user))


async def one_row(pool: Pool, query: str, *values: Any) -> tuple[Any, ...]:
    async with pool.connection() as connection:
        found = await (await connection.execute(query, values)).fetchone()
    assert found is not None
    return found


async def completed(pool: Pool, content_id: str) -> tuple[int, int]:
    """Return how many items have that name, and how many uploads were finalised as it."""
    items, uploads = await one_row(
        pool,
        "select (select count(*) from core.item where external_id = %s), "
        "(select count(*) from core.upload where entry ->> 'contentId' = %s "
        "and state = 'finalized' and item_id is not null)",
        content_id,
        content_id,
    )
    return items, uploads
