"""`/llms.txt` tells language models what there is."""

from __future__ import annotations

import re

import httpx
from msgspec import structs

from app.settings import Settings
from tests.docs.reference_page import ROOT
from tests.serving import api_of


async def test_it_names_every_route_and_what_it_leads_to_is_there(settings: Settings) -> None:
    async with api_of(structs.replace(settings, require_keys="all")) as api:
        answer = await api.get("/llms.txt")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        text = answer.text
        assert text.startswith("# Groundswell\n\n> ")
        paths = (await api.get("/schema/openapi.json")).json()["paths"]
        for path, methods in paths.items():
            for method, operation in methods.items():
                assert f"- {method.upper()} {path}: {operation['summary']}\n" in text
        for address in re.findall(r"\]\((/[^)]*)\)", text):
            there: httpx.Response = await api.get(address, follow_redirects=True)
            assert there.status_code == 200, address
    for name in re.findall(r"(?:docs/)?[\w-]+\.md|clients/", text):
        assert (ROOT / name).exists(), name
