"""`/problems/{type}`: what a problem means, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter

from app.dashboard.files import PAGE_HEADERS
from app.dashboard.shell import page_of
from app.errors import GroundswellError

REMEDIES = {
    400: "Correct what `detail` names. The same request will fail again.",
    401: "Send a valid key as `Authorization: Bearer …` or `X-Api-Key: …`, or the user's token "
    "where a user is meant. `groundswell keys list` shows which keys are valid.",
    403: "Ask whoever runs the service for a key with the scope that `detail` names, or for the "
    "setting that allows it.",
    404: "Check the name or id in the address; `detail` says what was looked for. Lists, such as "
    "/analytics/rankings and /items, show what there is.",
    405: "Use one of the methods in the header `Allow`.",
    408: "Send the body faster, or in smaller requests.",
    409: "Wait for as long as `Retry-After` says where it is there, then look at how it stands.",
    410: "Begin again without the cursor.",
    413: "Send less at once: fewer events, or a smaller body. `detail` names the limit.",
    421: "Ask under a name that the service knows.",
    422: "Correct the events: `rejected` has a reason for each, by its index.",
    429: "Wait for as many seconds as `Retry-After` says, then send the same again. With ids, "
    "nothing counts twice.",
    500: "Tell whoever runs the service; the log has the details. Trying again later is safe for "
    "GET, PUT and DELETE, and for events with ids.",
    503: "Wait for as many seconds as `Retry-After` says, then send the same again. It heals by "
    "itself; /health/ready tells what is down.",
}
"""What to do where the kind of problem does not say it, by status."""


class ProblemPage(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of problem."""

    slug: str
    status: int
    title: str
    meaning: str
    remedy: str


def _classes(kind: type[GroundswellError]) -> Iterator[type[GroundswellError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _classes(below)


def _plain(status: HTTPStatus) -> ProblemPage:
    return ProblemPage(
        slug=status.phrase.lower().replace(" ", "-"),
        status=status,
        title=status.phrase,
        meaning=f"{status.description}.",
        remedy=REMEDIES[status],
    )


PROBLEMS = {
    page.slug: page
    for page in (
        _plain(HTTPStatus.NOT_FOUND),
        _plain(HTTPStatus.METHOD_NOT_ALLOWED),
        *(
            ProblemPage(
                slug=kind.slug,
                status=kind.status,
                title=kind.title,
                meaning=" ".join((kind.__doc__ or "").split()),
                remedy=kind.remedy or REMEDIES[kind.status],
            )
            for kind in _classes(GroundswellError)
        ),
    )
}
"""All kinds, by the last part of their `type`."""


@get("/problems", include_in_schema=False)
async def problems() -> Response[str]:
    """List all kinds of problems."""
    rows = "\n".join(
        f'<li><a href="/problems/{page.slug}">{escape(page.title)}</a> ({page.status})</li>'
        for page in sorted(PROBLEMS.values(), key=lambda each: (each.status, each.slug))
    )
    return _html("Problems", f"<ul>\n{rows}\n</ul>")


@get("/problems/{slug:str}", include_in_schema=False)
async def problem(
    request: Request[Any, Any, Any],
    slug: Annotated[str, PathParameter(description="Last part of a problem's `type`.")],
) -> Response[str] | Response[ProblemPage]:
    """Say what a problem means and what to do; as JSON to who asks for it."""
    found = PROBLEMS.get(slug)
    if found is None:
        raise NotFoundException(f"there is no problem of the type {slug[:100]!r}")
    if "json" in request.headers.get("accept", ""):
        return Response(found, media_type=MediaType.JSON)
    return _html(
        found.title,
        f"<p>{_text(found.meaning)}</p>\n"
        f"<p><strong>What to do.</strong> {_text(found.remedy)}</p>\n"
        f"<p>Status {found.status}, type <code>/problems/{found.slug}</code></p>",
    )


def _text(text: str) -> str:
    """Return text as HTML, with what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))


def _html(title: str, content: str) -> Response[str]:
    page = page_of(
        title=f"{title} · Groundswell",
        main=f'<article class="words">\n<h1>{escape(title)}</h1>\n{content}\n</article>',
    )
    headers = {**PAGE_HEADERS, "cache-control": "public, max-age=3600", "vary": "accept"}
    return Response(page, media_type=MediaType.HTML, headers=headers)


router = Router("/", route_handlers=[problems, problem])
