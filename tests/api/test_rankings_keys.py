"""Where reading needs a key, every list does, whoever answers it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from app.settings import Settings
from tests.api.conftest import ADMIN, ADMIN_KEY, Stage, problem
from tests.lifespan import client_of


@pytest.fixture
async def closed_api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API that lets nobody read without a key."""
    from app.main import create_app  # noqa: PLC0415 - warnings are errors while this file loads

    app = create_app(msgspec.structs.replace(settings, admin_key=ADMIN_KEY, require_keys="all"))
    async with client_of(app) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/analytics/trending",
        "/analytics/trending?category=Music",
        "/analytics/rankings",
        "/analytics/rankings/trending_24h",
        "/analytics/rankings/trending_24h/items/a",
    ],
)
async def test_no_list_is_read_without_a_key(
    stage: Stage, closed_api: httpx.AsyncClient, path: str
) -> None:
    await stage.world.only("trending_24h")
    await stage.world.happened(await stage.world.item("a", category="Music"))
    await stage.show()
    await problem(await closed_api.get(path), 401, "unauthorized")
    assert (await closed_api.get(path, headers=ADMIN)).status_code == 200
