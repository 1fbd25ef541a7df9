"""Liking as a user does, over the API."""

from __future__ import annotations

import httpx

from tests.tokens import signed_in


async def toggle(api: httpx.AsyncClient, user: str = "ada", item: str = "a") -> tuple[bool, int]:
    answer = await api.post(f"/items/{item}/like", headers=signed_in(user))
    assert answer.status_code == 200, answer.text
    return answer.json()["hasLiked"], answer.json()["likesCount"]


async def shown(api: httpx.AsyncClient, user: str = "ada", item: str = "a") -> tuple[bool, int]:
    answer = await api.get(f"/items/{item}/like", headers=signed_in(user))
    assert answer.status_code == 200, answer.text
    return answer.json()["hasLiked"], answer.json()["likesCount"]
