"""Tell bots by their user agents, after the list of the crawler-user-agents project.

The list has some fifteen hundred expressions. To try each costs a third of a millisecond for every
new user agent, and more for a long one. Each of them therefore is found by three letters that its
matches must have, which takes as long as the user agent is, and only then tried.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

LONGEST = 300
"""Characters of a user agent that are looked at: a longer one must not take longer."""
LIBRARY = "http-library"
"""Their tag in the list: okhttp, axios, python-requests, curl and the like."""
_LETTERS = 3

_OPTIONAL = re.compile(r"(?<!\\)(?:\((?:\\.|[^)\\])*\)|\[(?:\\.|[^\]\\])*\])")
_PLAIN = re.compile(r"(?:\\[^A-Za-z0-9]|[^\\()\[\]{}*+?^$|.])+")
_ESCAPE = re.compile(r"\\(.)")


class _Pattern(NamedTuple):
    number: int
    search: re.Pattern[str]
    word: str
    """What its matches have in any case."""
    is_library: bool


def _patterns() -> list[_Pattern]:
    found: list[_Pattern] = []
    for number, each in enumerate(CRAWLER_USER_AGENTS_DATA):
        is_library = LIBRARY in each.get("tags", ())
        # Groups and classes match one thing or another; what stands outside of them, itself.
        grouped = _OPTIONAL.sub(lambda some: some[0].replace("|", "\n"), each["pattern"])
        for part in grouped.split("|"):
            plain = _PLAIN.findall(_OPTIONAL.sub("|", part))
            word = max((_ESCAPE.sub(r"\1", run) for run in plain), key=len, default="")
            found.append(_Pattern(number, re.compile(part.replace("\n", "|")), word, is_library))
    return found


def _letters_of(text: str) -> set[str]:
    return {text[start : start + _LETTERS] for start in range(len(text) - _LETTERS + 1)} or {""}


def _by_letters() -> dict[str, list[_Pattern]]:
    """Return the patterns by those of their letters that the fewest others have."""
    patterns = _patterns()
    common = Counter(letters for each in patterns for letters in _letters_of(each.word))
    found: dict[str, list[_Pattern]] = {}
    for pattern in patterns:
        letters = min(sorted(_letters_of(pattern.word)), key=lambda each: common[each])
        found.setdefault(letters, []).append(pattern)
    return found


_BY_LETTERS = _by_letters()


def bot_of(user_agent: str, *, library_may: bool = False) -> str | None:
    """Return why a user agent is a bot's, such as `bot: Googlebot/`, or None for a person's.

    Where a library may send events, it is none by itself.
    """
    return _bot_of(user_agent[:LONGEST], library_may)


@lru_cache(maxsize=8_192)
def _bot_of(user_agent: str, library_may: bool) -> str | None:  # hashed as it is
    found = [
        (pattern.number, match[0])
        for letters in _BY_LETTERS.keys() & (_letters_of(user_agent) | {""})
        for pattern in _BY_LETTERS[letters]
        if pattern.word in user_agent
        and not (library_may and pattern.is_library)
        and (match := pattern.search.search(user_agent))
    ]
    return f"bot: {min(found)[1][:100]}" if found else None
