"""The demo's users: who they are, what they like, and what they write in their languages."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import httpx
import jwt
import msgspec

from app.comments.apertium import is_there
from app.comments.wire import Comments
from app.dev.history import GUEST
from app.dev.phrase_book import open_phrase_book
from app.http.wire import id_text
from app.items.wire import ItemIn
from app.settings import Settings

WAIT_SECONDS = 120.0
_PAUSE = 0.5
TOKEN_SECONDS = 30 * 86_400
"""For how long the guest's token is good."""
COMMENTS = (
    ("ana", "es", "muy buen vídeo, gracias"),
    ("bruno", "fr", "Quelqu'un connaît le titre de cette chanson ?"),
    ("clara", "de", "Das ist das Beste, was ich diese Woche gesehen habe"),
    ("dev", "en", "Watched it twice already, and the ending still gets me"),
    ("elena", "es", "no puedo dejar de escuchar esta canción"),
    ("farid", "fr", "Le dernier épisode m'a vraiment fait pleurer"),
    ("greta", "de", "Wann kommt endlich die nächste Folge?"),
    ("hugo", "en", "Who else came here because everybody talks about it?"),
)
"""Who writes what in which language, in turn below the first items."""
COMMENTED = 3
"""Below so many items."""
LIKED = 8
"""What users like is among so many of the first items."""


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo's users need to like and comment, and what API and worker need for that."""

    settings: Settings
    """With the secret that signs the tokens of users."""
    translator: str
    """In words."""
    languages: frozenset[str]
    """Those that it translates into English, and English."""
    environment: dict[str, str]

    def token(self, user: str, seconds: int = 300) -> str:
        """Return what shows a user's name."""
        now = int(time.time())
        claims = {"sub": user, "iat": now, "exp": now + seconds}
        if self.settings.jwt_issuer:
            claims["iss"] = self.settings.jwt_issuer
        if self.settings.jwt_audience:
            claims["aud"] = self.settings.jwt_audience
        assert self.settings.jwt_secret is not None  # noqa: S101 - `open_talk` sees to it
        return jwt.encode(claims, self.settings.jwt_secret)

    @property
    def guest_token(self) -> str:
        """The token with which whoever tries the demo is signed in."""
        return self.token(GUEST, TOKEN_SECONDS)


@asynccontextmanager
async def open_talk(settings: Settings, folder: Path) -> AsyncIterator[Talk | None]:
    """Choose who translates for the demo: the settings' translator, Apertium, or the phrase book.

    None where users are told in a way that the demo cannot sign for. Without a secret of the
    settings there is one that the data folder keeps, so that a token outlives a restart.
    """
    if settings.jwt_public_key or settings.user_header or settings.require_keys != "none":
        yield None
        return
    secret = settings.jwt_secret or _kept_secret(folder / "demo.secret")
    signing = msgspec.structs.replace(settings, jwt_secret=secret)
    users = {"GROUNDSWELL_JWT_SECRET": secret}
    english = {"GROUNDSWELL_TRANSLATION_LANGUAGES": "en"}
    everything = frozenset(language for _, language, _ in COMMENTS)
    known = frozenset(each for each in everything if each == "en" or is_there(each, "en"))
    if settings.translator != "none":
        yield Talk(
            settings=signing,
            translator=settings.translator,
            languages=everything,
            environment=users,
        )
    elif known > {"en"}:
        chosen = {**users, **english, "GROUNDSWELL_TRANSLATOR": "apertium"}
        yield Talk(settings=signing, translator="Apertium", languages=known, environment=chosen)
    else:
        async with open_phrase_book() as url:
            chosen = {
                **users,
                **english,
                "GROUNDSWELL_TRANSLATOR": "libretranslate",
                "GROUNDSWELL_TRANSLATOR_URL": url,
            }
            told = "a phrase book of the demo: set GROUNDSWELL_TRANSLATOR for a real translator"
            yield Talk(settings=signing, translator=told, languages=everything, environment=chosen)


async def talk_and_like(
    talk: Talk, items: Sequence[ItemIn], *, url: str, say: Callable[[str], None]
) -> None:
    """Let the demo's users like and comment, once however often it starts.

    A service that is busy is asked again for a while; then it is told, and the demo goes on.
    """
    try:
        async with (
            asyncio.timeout(WAIT_SECONDS),
            httpx.AsyncClient(base_url=url, timeout=30) as client,
        ):
            users = [GUEST, *(user for user, _, _ in COMMENTS)]
            for number, user in enumerate(users):
                headers = {"authorization": f"Bearer {talk.token(user)}"}
                for item in items[number % 2 : LIKED : 1 + number % 3]:
                    like = partial(client.put, path_of(item, "like"), headers=headers)
                    await _asked(partial(like, params={"contentType": item.content_type}))
            for number, (user, language, text) in enumerate(COMMENTS):
                if language in talk.languages:
                    await _comment(talk, client, items[number % COMMENTED], user=user, text=text)
            await _show(talk, client, items[0], say)
    except (httpx.HTTPError, TimeoutError) as error:
        say(f"no likes and comments this time: {str(error) or 'the service is too busy'}")


def path_of(item: ItemIn, what: str) -> str:
    """Return the path of what belongs to an item."""
    return f"/items/{quote(id_text(item.content_id), safe='')}/{what}"


async def _comment(
    talk: Talk, client: httpx.AsyncClient, item: ItemIn, *, user: str, text: str
) -> None:
    body = {"text": text, "id": str(uuid5(NAMESPACE_URL, f"{item.content_id} {user}"))}
    post = partial(
        client.post,
        path_of(item, "comments"),
        params={"contentType": item.content_type},
        json=body,
        headers={"authorization": f"Bearer {talk.token(user)}"},
    )
    await _asked(post)


async def _show(
    talk: Talk, client: httpx.AsyncClient, item: ItemIn, say: Callable[[str], None]
) -> None:
    """Read the comments of an item in English until all are translated, and tell where."""
    path = path_of(item, "comments")
    parameters = {"lang": "en", "contentType": item.content_type}
    while True:
        answer = await _asked(partial(client.get, path, params=parameters))
        shown = msgspec.json.decode(answer.content, type=Comments).items
        if all(one.translation != "pending" for one in shown):
            break
        await asyncio.sleep(_PAUSE)
    say(f"comments, read in English ({talk.translator}): {answer.url}")


async def _asked(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Return the answer of a service that may be busy."""
    while True:
        answer = await ask()
        if answer.status_code not in {429, 503}:
            return answer.raise_for_status()
        await asyncio.sleep(_PAUSE)


def _kept_secret(file: Path) -> str:
    """Return the secret in `file`, which its owner alone may read, or put a new one there."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o600)
        file.write_text(secrets.token_urlsafe(32))
    return file.read_text()
