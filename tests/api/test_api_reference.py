"""docs/api.md: every curl in it, in its order, gives the status and the fields it shows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from app.errors import GroundswellError
from app.settings import Settings
from tests.api.conftest import ADMIN_KEY
from tests.api.reference import PAGE, Example, fits, read_examples, request
from tests.eventually import eventually
from tests.serving import api_of
from tests.tokens import SECRET, token

EXAMPLES = read_examples()


def test_every_curl_of_the_page_is_read() -> None:
    assert len(EXAMPLES) == PAGE.read_text().count("\ncurl ") > 20


async def test_every_route_is_in_the_reference(admin_api: httpx.AsyncClient) -> None:
    schema = (await admin_api.get("/schema/openapi.json")).json()
    headings = " ".join(re.findall(r"^### (.*)", PAGE.read_text(), re.MULTILINE))
    text = headings + " GET /health/live GET /health/ready"
    # One heading is for four routes.
    text = text.replace(", /", ", POST /analytics/").replace("{id}", "{contentId}")
    missing = [
        f"{method.upper()} {path}"
        for path, methods in schema["paths"].items()
        for method in methods
        if f"{method.upper()} {path}" not in text
    ]
    assert missing == []


def test_every_problem_is_in_the_reference() -> None:
    listed = set(
        re.findall(r"^\| `/problems/([a-z-]+)` \| (\d{3}) \|", PAGE.read_text(), re.MULTILINE)
    )
    kinds = GroundswellError.__subclasses__()
    for kind in kinds:
        kinds += kind.__subclasses__()
    met = {(error.slug, str(error.status)) for error in kinds if error.status != 500}
    assert listed == met


@pytest.fixture
def asked_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only the page's own refresh make lists, so that those are new."""

    async def nothing(**_: object) -> None:
        pass

    monkeypatch.setattr("app.worker.run_first_lists", nothing)


@pytest.fixture
async def whole_api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An API with all that the page has examples of, a store among it."""
    from tests.uploads import s3  # noqa: PLC0415 - warnings are errors while this file loads

    with s3.serving() as store:
        own = msgspec.structs.replace(
            settings,
            admin_key=ADMIN_KEY,
            jwt_secret=SECRET,
            upload_store_url=f"http://127.0.0.1:{store.port}",
            upload_bucket=s3.BUCKET,
            upload_region=s3.REGION,
            upload_access_key=s3.ACCESS_KEY,
            upload_secret_key=s3.SECRET_KEY,
        )
        async with api_of(own) as client:
            yield client


@pytest.mark.usefixtures("asked_lists", "worker")
async def test_the_reference_tells_the_truth(whole_api: httpx.AsyncClient) -> None:
    variables = {"URL": "http://localhost", "ADMIN_KEY": ADMIN_KEY, "TOKEN": token("ada")}
    for example in EXAMPLES:
        sent = request(example.command, variables)
        if not sent["url"].startswith(variables["URL"]):
            # To the store, and not to us.
            async with httpx.AsyncClient(trust_env=False) as outside:
                assert (await outside.request(**sent)).status_code == example.status
            continue

        async def told(sent: dict[str, Any] = sent, example: Example = example) -> bool:
            answer = await whole_api.request(**sent)
            assert answer.status_code == example.status, (sent, answer.text)
            if example.answer is None:
                return True
            found = answer.json()
            if "deliveries" in found:
                # Newest first; on a slow machine it has been tried again meanwhile.
                found["deliveries"] = found["deliveries"][-len(example.answer["deliveries"]) :]
            assert set(found) == set(example.answer), sent
            assert fits(example.answer, found), (sent, found)
            if found.get("nextCursor"):
                variables["CURSOR"] = found["nextCursor"]
            if found.get("method") == "PUT":
                variables.update(UPLOAD=found["id"], PUT_URL=found["url"])
            return True

        # What is read may be published a moment later; what is sent is sent once.
        if sent["method"] == "GET":
            await eventually(told)
        else:
            await told()
