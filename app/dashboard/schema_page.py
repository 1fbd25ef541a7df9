"""`/schema`: the OpenAPI document to read and to try out, with a vendored RapiDoc."""

from __future__ import annotations

from html import escape
from typing import Any

from litestar import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin

from app.dashboard.pages import static_url

SCRIPT = "vendor/rapidoc/rapidoc-min.js"
SCHEMA_HEADERS = {
    # RapiDoc styles its shadow DOM inline; everything else comes from this host.
    "content-security-policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} API</title>
<link rel="icon" type="image/svg+xml" href="{icon}">
<script type="module" src="{script}"></script>
<link rel="stylesheet" href="{style}">
</head>
<body class="schema">
<rapi-doc spec-url="{document}" load-fonts="false" render-style="view" show-header="false"
  regular-font="system-ui, sans-serif" mono-font="ui-monospace, monospace"
  primary-color="#0e7c86" schema-description-expanded="true" allow-spec-url-load="false"
  allow-spec-file-load="false" allow-authentication="false" allow-server-selection="false">
</rapi-doc>
<noscript>This page needs JavaScript; <a href="{document}">the document itself</a> does not.
</noscript>
</body>
</html>
"""


class SchemaPage(OpenAPIRenderPlugin):
    """Renders the OpenAPI document without asking any other host for anything."""

    def __init__(self) -> None:
        super().__init__(path="/rapidoc")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the page."""
        return PAGE.format(
            title=escape(openapi_schema["info"]["title"]),
            icon=static_url("icon.svg"),
            script=static_url(SCRIPT),
            style=static_url("dashboard.css"),
            document=escape(self.get_openapi_json_route(request)),
        ).encode()
