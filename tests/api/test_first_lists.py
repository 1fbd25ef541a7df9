"""A fresh installation: the first event is in the lists within seconds, without any schedule."""

from __future__ import annotations

import httpx
import pytest

from tests.eventually import eventually

VIEW = {"type": "view", "contentId": "a", "count": 3}


@pytest.mark.usefixtures("worker")
async def test_the_first_event_is_in_every_list_without_a_schedule(api: httpx.AsyncClient) -> None:
    """No job runs in the tests; no list is empty and fresh meanwhile."""
    paths = ("trending", "trending?window=1h", "top/viewed", "top/viewed?period=today")
    answer = await api.post("/analytics/events?wait=true", json=VIEW)
    assert answer.json()["accepted"] == 1

    for path in paths:

        async def shown(path: str = path) -> bool:
            answer = await api.get(f"/analytics/{path}")
            if answer.status_code == 503:  # no list was ever made
                return False
            page = answer.json()
            assert page["items"] or page["stale"]
            return [item["contentId"] for item in page["items"]] == ["a"] and not page["stale"]

        await eventually(shown)
