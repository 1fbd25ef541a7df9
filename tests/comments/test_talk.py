"""The demo's comments: who translates them, and that a phrase book is called one."""

from __future__ import annotations

from pathlib import Path

import jwt
import msgspec
import pytest

from app.comments.failed import TranslationError
from app.comments.language import language_of
from app.comments.providers import open_provider
from app.dev import talk
from app.dev.history import GUEST
from app.dev.phrase_book import ENGLISH
from app.settings import Settings, read_settings


async def test_where_no_translator_is_at_hand_a_phrase_book_says_that_it_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(talk, "is_there", lambda *_: False)
    async with talk.open_talk(Settings(), tmp_path) as opened:
        assert opened is not None
        assert "phrase book of the demo" in opened.translator
        settings = read_settings(opened.environment)
        assert settings.translation_targets == {"en"}
        async with open_provider(settings) as provider:
            assert provider is not None
            assert {text for _, language, text in talk.COMMENTS if language != "en"} == set(ENGLISH)
            for text, english in ENGLISH.items():
                source = language_of(text)
                assert await provider.translate(text, source=source, target="en") == english
            for text, target in (("hola", "en"), (*list(ENGLISH)[:1], "de")):
                with pytest.raises(TranslationError):
                    await provider.translate(text, source="es", target=target)


async def test_a_real_one_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(talk, "is_there", lambda *_: True)
    async with talk.open_talk(Settings(), tmp_path) as opened:
        assert opened is not None
        assert read_settings(opened.environment).translator == "apertium"
    own = Settings(translator="apertium", translation_languages="fr", jwt_secret="s" * 32)
    async with talk.open_talk(own, tmp_path) as opened:
        assert opened is not None
        assert opened.environment == {"GROUNDSWELL_JWT_SECRET": "s" * 32}
    async with talk.open_talk(msgspec.structs.replace(own, require_keys="all"), tmp_path) as opened:
        assert opened is None


async def test_what_apertium_cannot_translate_is_not_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(talk, "is_there", lambda source, _: source == "es")
    async with talk.open_talk(Settings(), tmp_path) as opened:
        assert opened is not None
        assert opened.translator == "Apertium"
        assert opened.languages == {"en", "es"}


async def test_a_token_outlives_a_restart_and_says_what_the_settings_ask_for(
    tmp_path: Path,
) -> None:
    asked = Settings(jwt_issuer="shop", jwt_audience="lists")
    async with talk.open_talk(asked, tmp_path) as first:
        assert first is not None
        token = first.guest_token
    async with talk.open_talk(asked, tmp_path) as second:
        assert second is not None
        secret = second.environment["GROUNDSWELL_JWT_SECRET"]
    claims = jwt.decode(token, secret, algorithms=["HS256"], audience="lists", issuer="shop")
    assert claims["sub"] == GUEST
    assert (tmp_path / "demo.secret").stat().st_mode & 0o077 == 0
