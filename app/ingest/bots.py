"""Tell bots by their user agents, after the list of the crawler-user-agents project."""

from __future__ import annotations

import re
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

LONGEST = 500
"""Characters of a user agent that are looked at: a longer one must not take longer."""

_PATTERNS: list[str] = [each["pattern"] for each in CRAWLER_USER_AGENTS_DATA]
# One expression of all of them is some ten times slower than a few dozen at a time.
_CHUNKS = [
    re.compile("|".join(_PATTERNS[start : start + 25])) for start in range(0, len(_PATTERNS), 25)
]


@lru_cache(maxsize=8_192)
def bot_of(user_agent: str) -> str | None:
    """Return why a user agent is a bot's, such as `bot: Googlebot/`, or None for a person's."""
    for chunk in _CHUNKS:
        if found := chunk.search(user_agent[:LONGEST]):
            return f"bot: {found[0][:100]}"
    return None
