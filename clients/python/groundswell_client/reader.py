"""Reads counts and lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self, cast
from urllib.parse import quote

import httpx

from groundswell_client.problem import Problem
from groundswell_client.wire import ItemStats, Series, Trending, TrendingItem

PAGE = 100
"""Most items of one answer."""

Value = str | int | bool | Sequence[str]


class Reader:
    """Asks a Groundswell service; what it refuses raises `Problem`.

    Parameters have the names that the API has, such as `contentType` and `tz`. Nothing is tried
    again: `Problem.retry_after` says when that may help.
    """

    def __init__(self, url: str, *, key: str | None = None, timeout: float = 10.0) -> None:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)

    def stats(self, content_id: str, **parameters: str) -> ItemStats:
        """Return an item's counts; `fields` names which, `contentType` and `tz` as in the API."""
        if content_id in {".", ".."}:  # which a path cannot carry
            return cast(
                "ItemStats", self._get("/analytics/stats/-", contentId=content_id, **parameters)
            )
        segment = quote(content_id, safe="")
        return cast("ItemStats", self._get(f"/analytics/stats/{segment}", **parameters))

    def trending(self, *, limit: int | None = None, **parameters: str) -> Iterator[TrendingItem]:
        """Return what is trending, the first first, `limit` items or all of the list.

        Pages are asked for as they are needed, all of one snapshot: none repeats or skips.
        """
        left = float("inf") if limit is None else limit
        asked: dict[str, str | int] = {**parameters}
        while left > 0:
            asked["limit"] = int(min(PAGE, left))
            page = self.trending_page(**asked)
            yield from page["items"]
            left -= len(page["items"])
            if not page["nextCursor"]:
                return
            asked["cursor"] = page["nextCursor"]

    def trending_page(self, **parameters: str | int) -> Trending:
        """Return one page of it, with the run that it is of (`runId`, `asOf`, `stale`)."""
        return cast("Trending", self._get("/analytics/trending", **parameters))

    def series(self, **parameters: Value) -> Series:
        """Return counts over time; `from_` stands for `from`, and a list for a repeated one."""
        if "from_" in parameters:
            parameters["from"] = parameters.pop("from_")
        return cast("Series", self._get("/analytics/series", **parameters))

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get(self, path: str, **parameters: Value) -> object:
        answer = self._http.get(path, params=parameters)
        if not answer.is_success:
            raise Problem(answer)
        found: object = answer.json()
        return found
