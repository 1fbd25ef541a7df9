"""Names of items in paths and queries."""

from __future__ import annotations

from app.errors import BadRequestError


def check_names(**names: str | None) -> None:
    """Raise `BadRequestError` for a text that cannot be stored, naming its parameter.

    PostgreSQL has no U+0000, and a path of broken UTF-8 arrives with lone surrogates.
    """
    for name, text in names.items():
        if text is None or (text.isascii() and "\x00" not in text):
            continue
        if any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text):
            raise BadRequestError(f"{name}: has a character that no name can have")
