"""docs/uploads.md: its curls, in their order, give what they show."""

from __future__ import annotations

import httpx

from tests.api.reference import PAGE, fits, read_examples, request
from tests.tokens import token


async def test_the_page_tells_the_truth(api: httpx.AsyncClient) -> None:
    page = PAGE.with_name("uploads.md")
    examples = read_examples(page)
    assert len(examples) == page.read_text().count("\ncurl ") == 3
    variables = {"URL": "http://localhost", "TOKEN": token("ada")}
    async with httpx.AsyncClient(trust_env=False) as outside:
        for example in examples:
            sent = request(example.command, variables)
            answer = await (outside if sent["method"] == "PUT" else api).request(**sent)
            assert answer.status_code == example.status, answer.text
            if example.answer is not None:
                found = answer.json()
                assert set(found) == set(example.answer)
                assert fits(example.answer, found), found
                variables |= {"UPLOAD": found["id"], "PUT_URL": found.get("url", "")}
