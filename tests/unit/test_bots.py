"""Bots by their user agents."""

from __future__ import annotations

import pytest

from app.ingest.bots import LONGEST, bot_of


@pytest.mark.parametrize(
    ("user_agent", "bot"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot/"),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot"),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/126.0", "HeadlessChrome"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", None),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1", None),
        ("a" * LONGEST + "Googlebot/", None),
        ("", None),
    ],
)
def test_bots_are_known_with_what_gave_them_away(user_agent: str, bot: str | None) -> None:
    assert bot_of(user_agent) == (bot and f"bot: {bot}")
