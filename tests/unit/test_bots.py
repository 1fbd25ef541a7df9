"""Bots by their user agents."""

from __future__ import annotations

import re

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

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
        ("x", None),
    ],
)
def test_bots_are_known_with_what_gave_them_away(user_agent: str, bot: str | None) -> None:
    assert bot_of(user_agent) == (bot and f"bot: {bot}")


def test_what_is_found_is_what_the_whole_list_finds() -> None:
    every = re.compile("|".join(f"(?:{each['pattern']})" for each in CRAWLER_USER_AGENTS_DATA))
    told = [each["instances"][0] for each in CRAWLER_USER_AGENTS_DATA if each["instances"]]
    told += [name[1:] for name in told[::10]] + [f"Mozilla/5.0 ({name}" for name in told[::10]]
    assert len(told) > 1_000
    for user_agent in told:
        assert (bot_of(user_agent) is None) == (every.search(user_agent[:LONGEST]) is None)


@pytest.mark.parametrize(
    "library",
    [
        "okhttp/4.12.0",
        "axios/1.7.2",
        "Go-http-client/2.0",
        "Apache-HttpClient/4.5.14 (Java/17)",
        "python-requests/2.32.3",
        "curl/8.9.1",
        "node-fetch/1.0",
    ],
)
def test_a_library_is_no_bot_where_it_may_send(library: str) -> None:
    assert bot_of(library) is not None
    assert bot_of(library, library_may=True) is None
    both = f"{library} (compatible; Googlebot/2.1)"
    assert bot_of(both, library_may=True) == "bot: Googlebot/"
