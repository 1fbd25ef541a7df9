"""What other sites load: `/embed.js`, and `/embed/trending` with who may frame it."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from app.embeds.routes import framers
from app.runtime.pool import Pool
from app.settings import Settings
from tests.eventually import eventually
from tests.serving import api_of, make_key

pytestmark = pytest.mark.usefixtures("clean")

PAGE = "https://news.example.org"
LARGEST = 10_000
"""Bytes of a script as a browser gets it."""


def framing(answer: httpx.Response) -> str:
    """Return who may frame a page."""
    policy: str = answer.headers["content-security-policy"]
    return policy.rpartition("frame-ancestors ")[2]


@pytest.mark.parametrize("path", ["/embed.js", "/embed/frame.js"])
async def test_a_script_is_small_and_kept_and_loaded_by_any_page(
    settings: Settings, path: str
) -> None:
    async with api_of(settings) as api:
        script = await api.get(path)
        assert script.headers["content-type"].startswith("text/javascript")
        assert int(script.headers["content-length"]) < LARGEST
        assert script.headers["cache-control"] == "public, max-age=3600"
        assert script.headers["cross-origin-resource-policy"] == "cross-origin"
        assert script.headers["access-control-allow-origin"] == "*"
        again = await api.get(path, headers={"if-none-match": script.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_only_this_page_may_be_framed(settings: Settings) -> None:
    async with api_of(settings) as api:
        framed = await api.get("/embed/trending?limit=3")
        assert framing(framed) == "*"
        assert "x-frame-options" not in framed.headers
        for path in ("/", "/rankings", "/status", "/pages/alerts", "/items/video/a", "/problems"):
            assert framing(await api.get(path)) == "'none'", path


async def test_those_of_the_settings_may_frame_it(settings: Settings) -> None:
    named = msgspec.structs.replace(settings, cors_origins=f"{PAGE}/, https://b.example:8443")
    async with api_of(named) as api:
        answer = await api.get("/embed/trending")
        assert framing(answer) == f"'self' https://b.example:8443 {PAGE}"
    async with api_of(msgspec.structs.replace(settings, cors_origins="")) as api:
        other = await api.get("/embed/trending", headers={"if-none-match": answer.headers["etag"]})
        assert (other.status_code, framing(other)) == (200, "'self'"), "the tag is of both"


async def test_those_of_a_public_key_may_frame_it(settings: Settings, pool: Pool) -> None:
    closed = msgspec.structs.replace(settings, require_keys="all", cors_origins="")
    key = await make_key(pool, "read", kind="public", origins=(PAGE,))
    anywhere = await make_key(pool, "read", kind="public")
    secret = await make_key(pool, "read")
    async with api_of(closed) as api:

        async def framed_by(key: str) -> str:
            return framing(await api.get(f"/embed/trending?key={key}"))

        async def is_known() -> bool:
            return await framed_by(anywhere) == "*"

        await eventually(is_known)
        assert await framed_by(key) == f"'self' {PAGE}"
        assert await framed_by(secret) == "'self'"
        assert await framed_by("gpk_unknown") == "'self'"
        answer = await api.get(f"/embed/trending?key={key}")
        assert answer.headers["cache-control"] == "no-cache"

        url = f"/analytics/trending?key={key}"
        ours = {"sec-fetch-site": "same-origin"}
        assert (await api.get(url, headers=ours)).status_code != 403
        assert (await api.get(url, headers={"origin": PAGE})).status_code != 403
        for headers in (
            {},
            {"sec-fetch-site": "cross-site"},
            {"origin": "https://else.example", **ours},
        ):
            assert (await api.get(url, headers=headers)).status_code == 403
        # Only to read: what is recorded comes with an origin.
        writing = await make_key(pool, "write", kind="public", origins=(PAGE,))

        async def records() -> int:
            return (
                await api.post(f"/analytics/events?key={writing}", json=[], headers=ours)
            ).status_code

        async def is_refused() -> bool:
            return await records() == 403

        await eventually(is_refused)


def test_what_is_no_origin_gets_into_no_header() -> None:
    odd = ("https://a.example; script-src *", "https://b.example\r\nx: y", "", "https://c.example")
    assert framers(odd) == "'self' https://c.example"
    assert framers(()) == "'self'"
