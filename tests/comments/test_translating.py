"""Comments in the reader's language: once for each text, and never in a comment's way (G2)."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from itertools import count
from uuid import UUID

import httpx
import msgspec
import pytest

from app.comments.providers import open_provider
from app.comments.queries import claim_translations, record_translation
from app.comments.translator import AT_ONCE, Translator
from app.runtime.pool import Pool
from app.settings import Settings
from tests.comments.provider import GOOD, HANGING, Answer, Provider
from tests.comments.stage import all_of, event_counts, page, post, states, translating
from tests.eventually import eventually
from tests.tokens import signed_in

MANY = int(os.environ.get("COMMENTS") or 60)
"""`make test COMMENTS=10000 ARGS=tests/comments` tries so many."""
SPANISH = "me encanta esta canción, saludos desde México"
FRENCH = "quelqu'un connaît le titre de cette chanson ?"


async def rows(pool: Pool, what: str) -> list[tuple[object, ...]]:
    async with pool.connection() as connection:
        cursor = await connection.execute(f"select {what}")
        return await cursor.fetchall()


async def has(api: httpx.AsyncClient, wanted: set[str], **query: object) -> bool:
    return await states(api, **query) == wanted


async def test_a_reader_has_it_in_their_language(
    api: httpx.AsyncClient, translated: Settings, pool: Pool, provider: Provider
) -> None:
    assert (await post(api, SPANISH))["language"] == "es"
    await post(api, "😂😂 12345")
    await post(api, "this is the best thing that I have seen")
    assert await states(api) == {"original"}
    emoji, english, spanish = sorted(
        await all_of(api, lang="en-GB"), key=lambda one: ["und", "en", "es"].index(one["language"])
    )
    assert (spanish["text"], spanish["translation"]) == (SPANISH, "pending")
    assert spanish["translatedText"] is None
    assert [emoji["translation"], english["translation"]] == ["original"] * 2
    assert await states(api, lang="pt") == {"unavailable", "original"}, "nobody translates into it"
    async with translating(translated, pool, workers=2):
        await eventually(partial(has, api, {"translated", "original"}, lang="en"))
        # Written again, it is there at once, and German is another pair.
        assert await states(api, lang="de") == {"pending", "original"}
        await eventually(partial(has, api, {"translated", "original"}, lang="de"))
        await post(api, SPANISH, "bob", "b")
        (again,) = await all_of(api, "b", lang="EN")
    assert again["translatedText"] == f"en:{SPANISH.upper()}"
    assert again["text"] == SPANISH
    assert provider.given[SPANISH, "en"] == provider.given[SPANISH, "de"] == 1
    assert provider.asked.keys() == {SPANISH, "this is the best thing that I have seen"}


@pytest.mark.usefixtures("impatient")
async def test_nothing_is_lost_or_doubled_with_a_provider_that_fails_half_the_time(
    api: httpx.AsyncClient, translated: Settings, pool: Pool, provider: Provider
) -> None:
    """Each sent twice at once by its id, every text by two users, and two workers."""
    chance = random.Random(15)  # noqa: S311  # only what fails
    bad = [Answer(500), Answer(429), Answer(0), Answer(200, b'{"oops'), Answer(200, b"[]")]
    bad += [Answer(200, b'{"translatedText": ""}'), Answer(200, b'{"translatedText": "\\u0000"}')]
    provider.behave = lambda _: chance.choice(bad) if chance.random() < 0.5 else GOOD
    limit = asyncio.Semaphore(32)

    async def send(number: int) -> None:
        text = f"{SPANISH} número {number // 2}"
        async with limit:
            first, second = await asyncio.gather(
                *(post(api, text, f"user {number}", id=str(UUID(int=number))) for _ in range(2))
            )
        assert first == second

    async with translating(translated, pool, workers=2), asyncio.TaskGroup() as group:
        for number in range(MANY):
            group.create_task(send(number))
    seen = await all_of(api, lang="en", limit=100)
    assert Counter(one["id"] for one in seen) == Counter(str(UUID(int=n)) for n in range(MANY))
    assert await event_counts(pool) == {"comment": MANY}

    async def is_done() -> bool:
        waiting = "count(*) from core.translation where translated is null"
        return await rows(pool, waiting) == [(0,)]

    async with translating(translated, pool, workers=2):
        await eventually(is_done, within=1_200, every=0.1)
    assert await states(api, lang="en", limit=100) == {"translated"}
    for one in await all_of(api, lang="en", limit=100):
        assert one["translatedText"] == f"en:{one['text'].upper()}"
    assert set(provider.given.values()) == {1}
    assert len(provider.given) == MANY // 2
    assert provider.asked.total() > MANY // 2


@pytest.mark.usefixtures("impatient")
async def test_texts_that_hang_hold_up_no_others(
    api: httpx.AsyncClient, translated: Settings, pool: Pool, provider: Provider
) -> None:
    own = msgspec.structs.replace(translated, translator_seconds=0.3)
    provider.behave = lambda text: HANGING if "hang" in text else GOOD
    for number in range(AT_ONCE - 1):
        await post(api, f"{SPANISH} hang {number}", "bob", "b")
    await page(api, "b", lang="en")
    await post(api, SPANISH)
    await page(api, lang="en")
    async with translating(own, pool):
        await eventually(partial(has, api, {"translated"}, lang="en"))
        await eventually(partial(has, api, {"unavailable"}, item="b", lang="en"))
        ((error,),) = await rows(pool, "distinct error from core.translation where error <> ''")
        assert error == "no answer within 0.3 seconds"
        # It comes to itself.
        provider.behave = lambda _: GOOD
        await eventually(partial(has, api, {"translated"}, item="b", lang="en"))


async def test_what_a_killed_worker_had_taken_is_tried_again_and_kept_once(
    api: httpx.AsyncClient, translated: Settings, pool: Pool, provider: Provider
) -> None:
    await post(api, SPANISH)
    await page(api, lang="en")
    provider.behave = lambda _: HANGING
    async with open_provider(translated) as opened:
        assert opened is not None
        killed = Translator(settings=translated, pool=pool, provider=opened)
        assert await killed.start_due() == 1
        assert await Translator(settings=translated, pool=pool, provider=opened).start_due() == 0
        await killed.finish(within=0)
        provider.behave = lambda _: GOOD
        async with pool.connection() as connection:
            await connection.execute(
                "update core.translation set next_attempt_at = next_attempt_at - interval '1 hour'"
            )
        second = Translator(settings=translated, pool=pool, provider=opened)
        assert await second.start_due() == 1
        await second.finish(within=5)
    # The first comes late with another translation.
    ((digest, attempt),) = await rows(pool, "text_digest, attempt from core.translation")
    assert attempt == 2
    async with pool.connection() as connection:
        await record_translation(
            connection,
            digest=digest,  # type: ignore[arg-type]
            target="en",
            translated="late",
            error=None,
            next_attempt_at=None,
            kept=None,
            as_of=datetime.now(UTC),
        )
    (one,) = await all_of(api, lang="en")
    assert one["translatedText"] == f"en:{SPANISH.upper()}"


async def test_an_hour_has_so_many_tries_whatever_readers_want(
    api: httpx.AsyncClient,
    translated: Settings,
    pool: Pool,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for text in (SPANISH, FRENCH, "muy buen vídeo, gracias"):
        await post(api, text)
    await all_of(api, lang="en")
    few = msgspec.structs.replace(translated, translations_per_hour=2)
    async with open_provider(few) as opened:
        assert opened is not None
        translator = Translator(settings=few, pool=pool, provider=opened)
        assert [await translator.start_due() for _ in range(2)] == [2, 0]
        await translator.finish(within=5)
        assert await translator.start_due() == 0
        monkeypatch.setattr("app.comments.translator.HOUR", 0)
        assert await translator.start_due() == 1
        await translator.finish(within=5)
    assert provider.asked.total() == 3


async def test_translations_go_after_a_day_and_with_the_last_comment_of_a_text(
    api: httpx.AsyncClient, translated: Settings, pool: Pool
) -> None:
    mine, other = [await post(api, SPANISH, user) for user in ("ada", "bob")]
    await post(api, FRENCH, "bob")
    await page(api, lang="en")
    for_good = msgspec.structs.replace(translated, translation_hours=0)
    async with open_provider(translated) as opened:
        assert opened is not None
        for settings in (translated, for_good):
            one = Translator(settings=settings, pool=pool, provider=opened)
            async with pool.connection() as connection:
                await connection.execute(
                    "update core.translation set next_attempt_at = 'infinity' where ctid <> "
                    "(select min(ctid) from core.translation where translated is null)"
                )
            assert await one.start_due() == 1
            await one.finish(within=5)
            async with pool.connection() as connection:
                await connection.execute("update core.translation set next_attempt_at = now()")
    kept = await rows(
        pool, "kept_until = 'infinity', kept_until > now() + interval '23 hours' "
        "from core.translation order by 1"
    )  # fmt: skip
    assert kept == [(False, True), (True, True)]
    assert await states(api, lang="en") == {"translated"}
    for comment, user, left in ((mine, "ada", 2), (other, "bob", 1)):
        gone = await api.delete(f"/items/a/comments/{comment['id']}", headers=signed_in(user))
        assert gone.status_code == 204
        assert await rows(pool, "count(*) from core.translation") == [(left,)]
    async with pool.connection() as connection:
        await connection.execute("update core.translation set kept_until = now()")
        await claim_translations(
            connection,
            as_of=datetime.now(UTC),
            lease=one._lease,
            capacity=1,
        )
    assert await rows(pool, "count(*) from core.translation") == [(0,)]
    assert await states(api, lang="en") == {"pending"}, "whoever reads it wants it anew"


async def test_a_provider_that_is_down_is_asked_seldom_and_told_when(
    api: httpx.AsyncClient, translated: Settings, pool: Pool, provider: Provider
) -> None:
    numbers = count()
    provider.behave = lambda _: Answer(503, headers="retry-after: 1800\r\n")
    for _ in range(3):
        await post(api, f"{SPANISH} {next(numbers)}")
    await page(api, lang="en")
    async with translating(translated, pool):
        await eventually(partial(has, api, {"unavailable"}, lang="en"))
    waits = "min(next_attempt_at) - now() > interval '25 minutes', max(error) from core.translation"
    assert await rows(pool, waits) == [(True, "answered 503")]
    assert provider.asked.total() == 3


@pytest.mark.usefixtures("impatient")
async def test_texts_that_are_refused_say_nothing_of_the_provider(
    api: httpx.AsyncClient, translated: Settings, pool: Pool, provider: Provider
) -> None:
    provider.behave = lambda text: Answer(400) if "bad" in text else GOOD
    for number in range(AT_ONCE + 2):
        await post(api, f"{SPANISH} bad {number}")
    await page(api, lang="en")
    async with open_provider(translated) as opened:
        assert opened is not None
        one = Translator(settings=translated, pool=pool, provider=opened)
        for _ in range(3):
            await one.start_due()
            await one.finish(within=5)
        assert one.failures == 0
        provider.behave = lambda _: Answer(500)
        async with pool.connection() as connection:
            await connection.execute("update core.translation set next_attempt_at = now()")
        assert await one.start_due() == AT_ONCE
        await one.finish(within=5)
        assert one.failures == AT_ONCE
