"""What a comment may be: any text that shows something."""

from __future__ import annotations

import re
import unicodedata

from app.errors import BadRequestError

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Line ends and tabs are no harm; a terminal may do what the others say."""
_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0") | set(map(chr, range(0xFE00, 0xFE10)))
"""Nothing to be seen, whatever their class: Hangul fillers, Braille without a dot, and what selects
a variant of the character before it."""


def checked(text: str) -> str:
    """Return a comment's text without blanks around it, and with line feeds for line ends.

    What else is in it stays: emoji, joiners, marks of writing direction, markup. Raises
    `BadRequestError` for control characters, and where nothing is to be seen.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if found := CONTROL.search(text):
        raise BadRequestError(f"text: has the control character U+{ord(found[0]):04X}")
    if not any(map(_is_seen, text)):
        raise BadRequestError("text: has nothing to be seen")
    return text


def _is_seen(character: str) -> bool:
    # What is unassigned counts: newer emoji than this Python knows are.
    is_blank = unicodedata.category(character) in {"Zs", "Zl", "Zp", "Cc", "Cf"}
    return not is_blank and character not in _UNSEEN
