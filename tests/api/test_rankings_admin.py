"""`/admin/rankings…`: who may."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import ADMIN_KEY, problem
from tests.together import together

PREVIEW = "/admin/rankings/trending_24h/preview"
REFRESH = "/admin/rankings/refresh"


@pytest.mark.usefixtures("clean")
@together("path", [PREVIEW, REFRESH])
@together(
    "headers",
    [
        {},
        {"authorization": f"Bearer {ADMIN_KEY}x"},
        {"authorization": f"Bearer {ADMIN_KEY[:-1]}"},
        {"authorization": f"Basic {ADMIN_KEY}"},
        {"authorization": "Bearer"},
        {"authorization": b"Bearer \xff"},
        {"authorization": ADMIN_KEY},
    ],
)
async def test_without_the_key_nothing_is_done(
    admin_api: httpx.AsyncClient, path: str, headers: Any
) -> None:
    answer = await admin_api.post(path, json={}, headers=headers)
    await problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.usefixtures("clean")
async def test_without_a_key_in_the_settings_admin_is_off(api: httpx.AsyncClient) -> None:
    for path in (PREVIEW, REFRESH):
        answer = await api.post(path, json={})
        assert "GROUNDSWELL_ADMIN_KEY" in await problem(answer, 403, "admin-disabled")
