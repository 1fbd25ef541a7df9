"""The pages: `/`, `/items/{type}/{id}`, and those that stand beside them in the navigation."""

from __future__ import annotations

import msgspec
from litestar import Response, Router, get

from app.dashboard.files import REVALIDATE, PlainRequest, StaticFile, file_of, respond, static
from app.dashboard.shell import HTML, page_of

UPLOT = "vendor/uplot/uPlot.iife.min.js"
UPLOT_STYLE = "vendor/uplot/uPlot.min.css"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page: its content is html/{name}.html, its module static/{name}.js."""

    name: str
    title: str
    at: str = ""
    """The link in the navigation that leads here."""
    styles: tuple[str, ...] = ()
    classic: tuple[str, ...] = ()

    def file(self) -> StaticFile:
        """Return the document as it is sent."""
        text = page_of(
            title=f"{self.title} · Groundswell",
            main=(HTML / f"{self.name}.html").read_text(),
            at=self.at,
            styles=(*self.styles, f"{self.name}.css"),
            scripts=(f"{self.name}.js",),
            classic=self.classic,
        )
        return file_of(text.encode(), "page.html")


OVERVIEW = Page(
    name="overview", title="Overview", at="/", styles=(UPLOT_STYLE,), classic=(UPLOT,)
).file()
RANKINGS = Page(name="rankings", title="Rankings", at="/rankings").file()
ALERTS = Page(name="alerts", title="Alerts", at="/alerts").file()
KEYS = Page(name="keys", title="Keys", at="/keys").file()
STATUS = Page(name="status", title="Status", at="/status").file()
ITEM = Page(name="item", title="Item", styles=(UPLOT_STYLE,), classic=(UPLOT,)).file()


@get("/", include_in_schema=False)
async def overview(request: PlainRequest) -> Response[bytes]:
    """Return the overview."""
    return respond(request, OVERVIEW, cache=REVALIDATE)


@get("/items/{item_type:str}/{content_id:str}", include_in_schema=False)
async def item(request: PlainRequest) -> Response[bytes]:
    """Return the page of any item; its script reads which one from the address."""
    return respond(request, ITEM, cache=REVALIDATE)


@get("/rankings", include_in_schema=False)
async def rankings(request: PlainRequest) -> Response[bytes]:
    """Return the page of all rankings."""
    return respond(request, RANKINGS, cache=REVALIDATE)


@get("/pages/alerts", include_in_schema=False)
async def alerts(request: PlainRequest) -> Response[bytes]:
    """Return the page of alerts, which shares its address `/alerts` with a route of the API."""
    return respond(request, ALERTS, cache=REVALIDATE)


@get("/keys", include_in_schema=False)
async def keys(request: PlainRequest) -> Response[bytes]:
    """Return the page of API keys."""
    return respond(request, KEYS, cache=REVALIDATE)


@get("/status", include_in_schema=False)
async def status(request: PlainRequest) -> Response[bytes]:
    """Return the page that tells how everything fares."""
    return respond(request, STATUS, cache=REVALIDATE)


router = Router("/", route_handlers=[overview, item, rankings, alerts, keys, status, static])
