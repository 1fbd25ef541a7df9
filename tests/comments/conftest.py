"""A provider, and an API whose comments it translates."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from app.comments import translator
from app.runtime.backoff import Backoff
from app.settings import Settings
from tests.comments.provider import Provider, serving
from tests.serving import api_of
from tests.tokens import SECRET


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with serving() as provider:
        yield provider


@pytest.fixture
def translated(settings: Settings, provider: Provider) -> Settings:
    """Settings with users, and with that provider for English and German."""
    return msgspec.structs.replace(
        settings,
        jwt_secret=SECRET,
        admin_key="c" * 40,
        database_timeout=60,
        comment_limit_per_minute=0,
        translator="libretranslate",
        translator_url=provider.url,
        translator_seconds=5.0,
        translations_per_hour=0,
        translation_languages="en, de",
    )


@pytest.fixture(name="api")
async def _api(clean: None, translated: Settings) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ARG001
    async with api_of(translated) as api:
        yield api


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what failed be tried again soon."""
    monkeypatch.setattr(translator, "RETRIES", Backoff(shortest=0.01, longest=0.05))
    monkeypatch.setattr(translator, "POLL_SECONDS", 0.05)
