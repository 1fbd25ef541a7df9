"""Uploads as callers know them: begun, put, finalised, and what is refused in which words."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from app.runtime.pool import Pool
from app.settings import Settings
from tests.api.conftest import problem
from tests.serving import api_of, bearer, make_key
from tests.tokens import signed_in
from tests.uploads.s3 import S3
from tests.uploads.stage import (
    CONTENT,
    begin,
    begun,
    completed,
    declared,
    finalize,
    one_row,
    put,
)


async def test_what_is_put_becomes_an_item_and_every_answer_is_the_same(
    api: httpx.AsyncClient, pool: Pool, s3: S3
) -> None:
    upload = await begun(api, title="A film", category="Films", mediaType="video/mp4")
    assert upload["contentId"] == upload["id"]
    assert (await api.get(f"/items/{upload['id']}")).status_code == 404
    first = await finalize(api, upload)
    assert first.status_code == 200
    answer = first.json()
    finalized_at = datetime.fromisoformat(answer.pop("finalizedAt"))
    assert abs(datetime.now(UTC) - finalized_at) < timedelta(minutes=1)
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert answer == {
        "id": upload["id"], "contentId": upload["id"], "contentType": "video",
        "key": f"uploads/{upload['id']}", "size": len(CONTENT), "sha256": digest,
        "mediaType": "video/mp4",
    }  # fmt: skip
    assert s3.keys == {answer["key"]}
    (item,) = (await api.get(f"/items/{upload['id']}")).json()["items"]
    assert (item["title"], item["category"], item["creator"]) == ("A film", "Films", "ada")
    assert item["attributes"] == {
        "upload": {
            "key": answer["key"], "mediaType": "video/mp4", "size": len(CONTENT), "sha256": digest
        }
    }  # fmt: skip
    heads = [method for method, _ in s3.asked].count("HEAD")
    for _ in range(3):
        assert (await finalize(api, upload)).content == first.content
    assert [method for method, _ in s3.asked].count("HEAD") == heads
    assert await completed(pool, upload["id"]) == (1, 1)
    assert s3.refused == []


async def test_the_address_takes_the_declared_bytes_and_no_others(
    api: httpx.AsyncClient, s3: S3
) -> None:
    upload = await begin(api)
    assert await put(upload, CONTENT[::-1]) == 403
    assert await put(upload, b"other") == 403
    assert await put(upload | {"headers": upload["headers"] | {"content-type": "text/html"}}) == 403
    for other in ("uploads/other", "other"):
        assert await put(upload | {"url": upload["url"].replace("uploads/", f"{other}/")}) == 403
    assert s3.keys == set()
    assert set(s3.refused) == {"SignatureDoesNotMatch", "BadDigest"}
    assert await put(upload) == 200


async def test_what_is_missing_or_something_else_is_told_and_may_be_tried_again(
    api: httpx.AsyncClient, pool: Pool, s3: S3
) -> None:
    upload = await begin(api)
    missing = await finalize(api, upload)
    await problem(missing, 409, "upload-incomplete")
    assert missing.json()["detail"] == f"there is no object uploads/{upload['id']} in the store"
    for content, fault in ((b"longer than that film", "size: "), (CONTENT[::-1], "sha256: ")):
        # Whoever has the keys of the store can put there what they like.
        own = await begin(api, content)
        key, own_key = f"uploads/{upload['id']}", f"uploads/{own['id']}"
        assert await put(own, content) == 200
        s3.copy(own_key, key)
        answer = await finalize(api, upload)
        await problem(answer, 409, "upload-incomplete")
        assert answer.json()["detail"].startswith(fault)
        assert int(answer.headers["retry-after"]) > 0
    assert await put(upload) == 200
    s3.lose_checksum(f"uploads/{upload['id']}")
    answer = await finalize(api, upload)
    await problem(answer, 409, "upload-incomplete")
    assert answer.json()["detail"].startswith("sha256: the store knows none")
    assert await completed(pool, upload["id"]) == (0, 0)
    assert await put(upload) == 200
    assert (await finalize(api, upload)).status_code == 200
    assert await completed(pool, upload["id"]) == (1, 1)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "size: missing"),
        (declared() | {"size": 0}, "size: "),
        (declared() | {"size": "many"}, "size: "),
        (declared() | {"sha256": "00"}, "sha256: "),
        (declared() | {"sha256": "g" * 64}, "sha256: "),
        (declared(mediaType="film"), "mediaType: "),
        (declared(mediaType="video/mp4\r\nx: y"), "mediaType: "),
        (declared(contentType=""), "contentType: "),
        (declared(title="x" * 501), "title: "),
        (declared(name="film"), "name"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_bad_input_names_its_field(
    api: httpx.AsyncClient, body: dict[str, Any], fault: str
) -> None:
    answer = await api.post("/uploads", json=body, headers=signed_in("ada"))
    await problem(answer, 400, "bad-request")
    assert fault in answer.json()["detail"]


async def test_one_that_is_too_large_is_refused(uploading: Settings, clean: None) -> None:  # noqa: ARG001
    async with api_of(msgspec.structs.replace(uploading, upload_max_bytes=10)) as api:
        answer = await api.post("/uploads", json=declared(), headers=signed_in("ada"))
        await problem(answer, 413, "too-large")
        assert answer.json()["detail"] == "size: at most 10 bytes are allowed"


async def test_an_upload_is_its_owner_s(
    api: httpx.AsyncClient, uploading: Settings, pool: Pool
) -> None:
    upload = await begun(api)
    for user in ("bob", "ada' or true"):
        await problem(await finalize(api, upload, user), 404, "unknown-upload")
    key, other = bearer(await make_key(pool)), bearer(await make_key(pool))
    await api.get("/items/x", headers=key)
    path = f"/uploads/{upload['id']}/finalize"
    await problem(await api.post(path, headers=key), 404, "unknown-upload")
    await problem(await api.post(path), 401, "unauthorized")
    await problem(await api.post("/uploads", json=declared()), 401, "unauthorized")
    body = declared(contentId=7, contentType="film", creator="Grace")
    of_key = (await api.post("/uploads", json=body, headers=key)).json()
    assert of_key["contentId"] == "7"
    assert await put(of_key) == 200
    path = f"/uploads/{of_key['id']}/finalize"
    await problem(await api.post(path, headers=other), 404, "unknown-upload")
    await problem(await api.post(path, headers=signed_in("ada")), 404, "unknown-upload")
    assert (await api.post(path, headers=key)).status_code == 200
    (item,) = (await api.get("/items/7?contentType=film")).json()["items"]
    assert item["creator"] == "Grace"
    admin = bearer(uploading.admin_key or "")
    assert (await api.post(path, headers=admin)).status_code == 200
    await problem(
        await api.post("/uploads/00000000-0000-7000-8000-000000000000/finalize", headers=admin),
        404,
        "unknown-upload",
    )


async def test_a_user_names_nobody_s_item(api: httpx.AsyncClient) -> None:
    for field, value in (("contentId", "foam"), ("creator", "bob")):
        body = declared() | {field: value}
        answer = await api.post("/uploads", json=body, headers=signed_in("ada"))
        await problem(answer, 403, "forbidden")
        assert answer.json()["detail"].startswith(f"{field}: ")
    upload = await begin(api, creator="ada")
    assert upload["contentId"] == upload["id"]


async def test_without_a_store_there_are_none(settings: Settings) -> None:
    async with api_of(settings) as api:
        for path in ("/uploads", "/uploads/00000000-0000-7000-8000-000000000000/finalize"):
            answer = await api.post(path, json=declared() if path == "/uploads" else None)
            await problem(answer, 404, "uploads-disabled")
            assert "GROUNDSWELL_UPLOAD_STORE_URL" in answer.json()["detail"]


async def test_uploads_a_minute_are_limited(uploading: Settings, clean: None) -> None:  # noqa: ARG001
    limited = msgspec.structs.replace(uploading, upload_limit_per_minute=2)
    async with api_of(limited) as api:
        for _ in range(2):
            await begin(api)
        answer = await api.post("/uploads", json=declared(), headers=signed_in("ada"))
        await problem(answer, 429, "rate-limited")
        assert int(answer.headers["retry-after"]) > 0
        await begin(api, user="bob")


async def test_callers_may_know_the_store_by_another_address(
    uploading: Settings,
    clean: None,  # noqa: ARG001
) -> None:
    public = msgspec.structs.replace(
        uploading, upload_public_url="https://Files.example.org:443/", upload_url_seconds=60
    )
    async with api_of(public) as api:
        upload = await begin(api)
    url = httpx.URL(upload["url"])
    assert str(url.copy_with(query=None)).startswith(
        f"https://files.example.org/files/uploads/{upload['id']}"
    )
    assert url.params["X-Amz-Expires"] == "60"
    until = datetime.fromisoformat(upload["expiresAt"]) - datetime.now(UTC)
    assert timedelta(seconds=30) < until <= timedelta(seconds=60)


async def test_of_fifty_at_once_one_completes(api: httpx.AsyncClient, pool: Pool, s3: S3) -> None:
    upload = await begun(api)
    answers = await asyncio.gather(*(finalize(api, upload) for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    done = {answer.content for answer in answers if answer.status_code == 200}
    assert len(done) == 1
    for answer in answers:
        if answer.status_code == 409:
            await problem(answer, 409, "upload-held")
            assert answer.headers["retry-after"] == "1"
    assert (await finalize(api, upload)).content in done
    assert await completed(pool, upload["id"]) == (1, 1)
    assert [method for method, _ in s3.asked].count("HEAD") == 1
    assert (await one_row(pool, "select fence from core.upload"))[0] == 1


async def test_keys_and_addresses_are_in_no_log(
    api: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    upload = await begun(api)
    assert (await finalize(api, upload)).status_code == 200
    said = "".join(capfd.readouterr())
    assert "X-Amz" not in said
    assert "a secret of the tests" not in said
