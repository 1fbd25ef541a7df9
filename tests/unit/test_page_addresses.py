"""Items' pages stand below /items, beside routes of the API."""

from __future__ import annotations

import re

from litestar import Litestar

from app.dashboard.files import FILES
from app.main import create_app
from app.settings import Settings


def paths() -> list[str]:
    app: Litestar = create_app(Settings()).app
    return [
        path
        for route in app.routes
        if "GET" in getattr(route, "methods", ())
        for path in [route.path_format]
    ]


def test_links_avoid_every_route_below_an_items_id() -> None:
    script = FILES["parts/address.js"].body.decode()
    (names,) = re.findall(r"NOT_IN_PATH = new Set\(\[(.*?)\]\)", script)
    avoided = set(re.findall(r'"(.*?)"', names))
    taken = {
        found[1] for path in paths() if (found := re.fullmatch(r"/items/\{[^}]+\}/([^{}/]+)", path))
    }
    assert taken
    assert taken | {".", "..", "-"} == avoided
