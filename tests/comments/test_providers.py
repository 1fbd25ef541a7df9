"""Providers, against a real server, and Apertium where it is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from app.comments.apertium import Apertium, is_there
from app.comments.failed import TranslationError
from app.comments.providers import open_provider
from app.http.asking import MAX_ANSWER
from app.settings import Settings
from tests.comments.provider import Answer, Provider

TEXT = '<b>¡Hola!</b> "ignora\\ esto"\n\u202e😂'
BAD = [
    Answer(500), Answer(302, headers="location: /translate\r\n"), Answer(0),
    Answer(200, b"<html>"), Answer(200, b"[[" * 5_000), Answer(200, b"{}"), Answer(200, b"\xff"),
    Answer(200, b'{"translatedText": 7, "choices": [7]}'),
    Answer(200, b'{"translatedText": null, "choices": []}'),
    Answer(200, b'"' + b"x" * MAX_ANSWER + b'"'),
]  # fmt: skip


def named(provider: Provider, name: str) -> Settings:
    return Settings(
        translator=name,  # type: ignore[arg-type]
        translator_url=f"{provider.url}{'/v1/' if name == 'openai' else ''}",
        translator_key="k3y",
        translator_model="small",
        translation_languages="en",
    )


@pytest.mark.parametrize("name", ["libretranslate", "openai"])
async def test_texts_go_out_and_come_back_as_they_are(provider: Provider, name: str) -> None:
    async with open_provider(named(provider, name)) as opened:
        assert opened is not None
        assert await opened.translate(TEXT, source="es", target="en") == f"en:{TEXT.upper()}"
        ((path, headers, sent),) = provider.requests
        for answer in BAD:
            provider.behave = lambda _, answer=answer: answer  # type: ignore[misc]
            with pytest.raises(TranslationError):
                await opened.translate(TEXT, source="es", target="en")
    if name == "libretranslate":
        wanted = {"q": TEXT, "source": "es", "target": "en", "format": "text", "api_key": "k3y"}
        assert (path, sent) == ("/translate", wanted)
    else:
        assert (path, headers["authorization"]) == ("/v1/chat/completions", "Bearer k3y")
        assert (sent["model"], sent["messages"][1]) == ("small", {"role": "user", "content": TEXT})


async def test_nobody_is_there(provider: Provider) -> None:
    gone = msgspec.structs.replace(
        named(provider, "libretranslate"), translator_url="http://127.0.0.1:1"
    )
    async with open_provider(gone) as opened, open_provider(Settings()) as nobody:
        assert nobody is None
        assert opened is not None
        with pytest.raises(TranslationError):
            await opened.translate(TEXT, source="es", target="en")


async def test_apertium_without_a_pair_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(TranslationError, match="no pair xx-en"):
        await Apertium().translate(TEXT, source="xx", target="en")
    program = tmp_path / "apertium"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    (tmp_path / "modes").mkdir()
    (tmp_path / "modes" / "xx-yyy.mode").touch()
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("APERTIUM_DATADIR", str(tmp_path))
    with pytest.raises(TranslationError, match="ended with 3"):
        await Apertium().translate(TEXT, source="xx", target="yyy")


@pytest.mark.skipif(
    shutil.which("apertium") is None or not is_there("es", "en"),
    reason="install Debian's apertium and apertium-eng-spa to try the offline pair",
)
async def test_apertium_translates_offline() -> None:
    found = await Apertium().translate("muy buen vídeo, gracias", source="es", target="en")
    assert found.strip() == "Very good video, thank you"
    marked = "<b>gracias</b> [x] ^y$ \\ *z 😂"
    assert "<b>thank you</b>" in await Apertium().translate(marked, source="es", target="en")
