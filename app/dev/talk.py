"""The demo's comments: written in other languages, and shown in English."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import httpx
import jwt
import msgspec

from app.comments.apertium import is_there
from app.comments.wire import Comments
from app.dev.phrase_book import ENGLISH, open_phrase_book
from app.settings import Settings

WAIT_SECONDS = 120.0
_PAUSE = 0.5
AUTHORS = ("ana", "bruno", "clara")


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo needs to comment, and what API and worker need for that."""

    secret: str
    """What signs the tokens of the demo's users."""
    translator: str
    """In words."""
    environment: dict[str, str]


@asynccontextmanager
async def open_talk(settings: Settings) -> AsyncIterator[Talk | None]:
    """Choose who translates for the demo: the settings' translator, Apertium, or the phrase book.

    None where users are told in a way that the demo cannot sign for.
    """
    if settings.jwt_public_key or settings.user_header or settings.require_keys != "none":
        yield None
        return
    secret = settings.jwt_secret or secrets.token_urlsafe(32)
    users = {"GROUNDSWELL_JWT_SECRET": secret}
    english = {"GROUNDSWELL_TRANSLATION_LANGUAGES": "en"}
    if settings.translator != "none":
        yield Talk(secret=secret, translator=settings.translator, environment=users)
    elif is_there("es", "en"):
        chosen = {**users, **english, "GROUNDSWELL_TRANSLATOR": "apertium"}
        yield Talk(secret=secret, translator="Apertium", environment=chosen)
    else:
        async with open_phrase_book() as url:
            chosen = {
                **users,
                **english,
                "GROUNDSWELL_TRANSLATOR": "libretranslate",
                "GROUNDSWELL_TRANSLATOR_URL": url,
            }
            told = "a phrase book of the demo: set GROUNDSWELL_TRANSLATOR for a real translator"
            yield Talk(secret=secret, translator=told, environment=chosen)


async def comment(talk: Talk, *, url: str, content_id: str, say: Callable[[str], None]) -> None:
    """Post the demo's comments below an item, once however often it starts, and show them.

    A service that is busy is asked again for a while; then it is told, and the demo goes on.
    """
    path = f"/items/{quote(content_id, safe='')}/comments"
    try:
        async with (
            asyncio.timeout(WAIT_SECONDS),
            httpx.AsyncClient(base_url=url, timeout=30) as client,
        ):
            for author, text in zip(AUTHORS, ENGLISH, strict=True):
                body = {"text": text, "id": str(uuid5(NAMESPACE_URL, f"{content_id} {author}"))}
                headers = {"authorization": f"Bearer {_token(author, talk.secret)}"}
                await _asked(partial(client.post, path, json=body, headers=headers))
            while True:
                answer = await _asked(partial(client.get, path, params={"lang": "en"}))
                shown = msgspec.json.decode(answer.content, type=Comments).items
                if all(one.translation != "pending" for one in shown):
                    break
                await asyncio.sleep(_PAUSE)
    except (httpx.HTTPError, TimeoutError) as error:
        say(f"no comments this time: {str(error) or 'the service is too busy'}")
        return
    say(f"comments, read in English ({talk.translator}): {url}{path}?lang=en")
    for one in shown:
        english = one.translated_text or one.translation
        say(f"  {one.user_id} ({one.language}): {one.text} → {english}")


async def _asked(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Return the answer of a service that may be busy with the replay."""
    while True:
        answer = await ask()
        if answer.status_code not in {429, 503}:
            return answer.raise_for_status()
        await asyncio.sleep(_PAUSE)


def _token(user: str, secret: str) -> str:
    now = int(time.time())
    return jwt.encode({"sub": user, "iat": now, "exp": now + 300}, secret)
