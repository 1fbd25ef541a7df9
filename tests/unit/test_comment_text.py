"""What a comment may be, and in which language it is."""

from __future__ import annotations

import pytest

from app.comments.language import language_of
from app.comments.text import checked
from app.errors import BadRequestError


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  hi\t\n", "hi"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("<script>alert(1)</script> & &amp;", "<script>alert(1)</script> & &amp;"),
        ("\u202eabc\u202c \u2067x\u2069", "\u202eabc\u202c \u2067x\u2069"),
        ("👩\u200d👩\u200d👧 ❤\ufe0f", "👩\u200d👩\u200d👧 ❤\ufe0f"),
        ("\U0001fae8", "\U0001fae8"),
        ("e\u0301\ufeffx", "e\u0301\ufeffx"),
        ("कृपया", "कृपया"),
    ],
)
def test_what_shows_something_is_kept_as_it_is(text: str, kept: str) -> None:
    assert checked(text) == kept
    assert checked(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "\u200b\u200d\ufeff",
        "\u202e\u2066",
        "\u3164",
        "\u2800",
        "\u00a0\u2003",
        "\ufe0f",
    ],
)
def test_what_shows_nothing_is_empty(text: str) -> None:
    with pytest.raises(BadRequestError, match="text: has nothing to be seen"):
        checked(text)


@pytest.mark.parametrize("number", [0, 7, 8, 0x0B, 0x1B, 0x7F, 0x85, 0x9B])
def test_control_characters_are_named(number: int) -> None:
    with pytest.raises(BadRequestError, match=rf"text: .* U\+{number:04X}"):
        checked(f"a{chr(number)}b")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "This is the best thing I have seen all week"),
        ("de", "Kann mir jemand sagen, wie das Lied heißt?"),
        ("fr", "Quelqu'un connaît le titre ?"),
        ("es", "¿Alguien sabe cómo se llama?"),
        ("ja", "とても面白いです"),
        ("ar", "فيديو رائع شكرا لك"),
        ("hi", "बहुत अच्छा वीडियो"),
        ("de", "SEHR SCHÖN GEMACHT, DANKE\nhttps://example.org/this/is/english @english #love"),
        ("und", "😂😂😂"),
        ("und", "12345 +1 !!!"),
        ("und", "https://example.org/this/is/the/best"),
        ("und", "asdf qwer"),
        ("und", "x"),
    ],
)
def test_the_language_is_told_or_nobody_can(language: str, text: str) -> None:
    assert language_of(text) == language
