"""`/llms.txt`: what the service is, for language models that are to use it (llmstxt.org)."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, Router, get
from litestar.datastructures import State

from app.http.openapi import document

HEAD = """\
# Groundswell

> Engagement analytics and trending. Applications send views, likes, comments, shares and watch
> time; TimescaleDB counts and ranks them in SQL; this API serves counts, series and ranked lists.

- Record with POST /analytics/events: an object, an array, or NDJSON. 202 means that it is durable;
  `rejected` names each event that was not taken, by its index. An `id` (UUIDv7) of your own counts
  once, however often it is sent: send the same again after a 429, a 503 or no answer.
- An item is a `contentId` and a `contentType` (`video` where absent). It needs no registration;
  PUT /items gives it a title, a category and a creator.
- Lists are of one snapshot: go on with `nextCursor` as `cursor`, and nothing repeats or is skipped.
- A parameter that a route does not know is a 400 that names it. Errors are problem+json; the `type`
  leads to what it means. Wait for as many seconds as `Retry-After` says.
- Where keys are required: `Authorization: Bearer …` or `X-Api-Key: …`.

## Reference

- [OpenAPI document](/schema/openapi.json): every route, parameter, field and example
- [The same as a page](/schema): to read and to try out
- [Problems](/problems): each kind, and what to do about it
- [Overview](/): what is trending, for people

## Routes
"""
DOCS = """
## In the repository

- README.md: what it is, how to run it
- docs/quickstart.md: from nothing to a tuned ranking
- docs/api.md: every route with tested examples; docs/api-code.md: the same in Python and JavaScript
- docs/ingestion.md: ids, keys, limits, outages
- docs/embedding.md: lists, badges, counters and the beacon in web pages
- docs/pages.md: what the web pages show and do
- docs/scoring.md: formulas, weights, rankings of your own
- docs/editing.md: pins, blocks, caps, reviews: what editors do to lists
- docs/sql.md: views and functions for dashboards
- docs/operations.md: running it; docs/glossary.md: its words
- clients/: packages for Python and TypeScript
"""


def llms_text(schema: dict[str, Any]) -> str:
    """Return the text, its routes those of an OpenAPI document."""
    routes = (
        f"- {method.upper()} {path}: {operation['summary']}"
        for path, methods in sorted(schema["paths"].items())
        for method, operation in methods.items()
        if "summary" in operation
    )
    return "\n".join([HEAD, *routes, DOCS])


@get("/llms.txt", include_in_schema=False)
async def llms(request: Request[Any, Any, State]) -> Response[str]:
    """Tell what the service is."""
    return Response(
        llms_text(document(request.app)),
        media_type=MediaType.TEXT,
        headers={"cache-control": "public, max-age=3600"},
    )


router = Router("/", route_handlers=[llms])
