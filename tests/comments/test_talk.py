"""The demo's comments: who translates them, and that a phrase book is called one."""

from __future__ import annotations

import msgspec
import pytest

from app.comments.failed import TranslationError
from app.comments.language import language_of
from app.comments.providers import open_provider
from app.dev import talk
from app.dev.phrase_book import ENGLISH
from app.settings import Settings, read_settings


async def test_where_no_translator_is_at_hand_a_phrase_book_says_that_it_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(talk, "is_there", lambda *_: False)
    async with talk.open_talk(Settings()) as opened:
        assert opened is not None
        assert "phrase book of the demo" in opened.translator
        settings = read_settings(opened.environment)
        assert settings.translation_targets == {"en"}
        async with open_provider(settings) as provider:
            assert provider is not None
            for text, english in ENGLISH.items():
                source = language_of(text)
                assert await provider.translate(text, source=source, target="en") == english
            for text, target in (("hola", "en"), (*list(ENGLISH)[:1], "de")):
                with pytest.raises(TranslationError):
                    await provider.translate(text, source="es", target=target)


async def test_a_real_one_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "is_there", lambda *_: True)
    async with talk.open_talk(Settings()) as opened:
        assert opened is not None
        assert read_settings(opened.environment).translator == "apertium"
    own = Settings(translator="apertium", translation_languages="fr", jwt_secret="s" * 32)
    async with talk.open_talk(own) as opened:
        assert opened is not None
        assert opened.environment == {"GROUNDSWELL_JWT_SECRET": "s" * 32}
    async with talk.open_talk(msgspec.structs.replace(own, require_keys="all")) as opened:
        assert opened is None
