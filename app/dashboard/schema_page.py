"""`/schema`: the OpenAPI document to read and to try out, with a vendored RapiDoc."""

from __future__ import annotations

from html import escape
from typing import Any

from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin, YamlRenderPlugin

from app.dashboard.pages import static_url
from app.http.answers import AnyRequest
from app.http.openapi import document

COLORS = "schema.js"
SCRIPT = "vendor/rapidoc/rapidoc-min.js"
SCHEMA_HEADERS = {
    # RapiDoc styles its shadow DOM inline; everything else comes from this host.
    "content-security-policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} API</title>
<link rel="icon" type="image/svg+xml" href="{icon}">
<script type="module" src="{colors}"></script>
<script type="module" src="{script}"></script>
<link rel="stylesheet" href="{style}">
</head>
<body class="schema">
<header class="top">
  <a class="brand" href="/"><img src="{icon}" alt="" width="28" height="28">{title}</a>
  <nav aria-label="More"><a href="/">Trending now</a> <a href="/problems">Problems</a></nav>
</header>
<rapi-doc spec-url="{document}" load-fonts="false" render-style="view" show-header="false"
  regular-font="system-ui, sans-serif" mono-font="ui-monospace, monospace" font-size="large"
  schema-description-expanded="true" schema-style="table" allow-spec-url-load="false"
  allow-spec-file-load="false" allow-try="true" allow-authentication="true"
  allow-server-selection="false" fill-request-fields-with-example="true" show-components="false"
  persist-auth="false">
</rapi-doc>
<noscript>This page needs JavaScript; <a href="{document}">the document itself</a> does not.
</noscript>
</body>
</html>
"""


class DocumentJson(JsonRenderPlugin):
    """Sends the completed document as JSON."""

    def render(self, request: AnyRequest, openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """Return the document."""
        return self.render_json(request, document(request.app))


class DocumentYaml(YamlRenderPlugin):
    """Sends the completed document as YAML."""

    def render(self, request: AnyRequest, openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002
        """Return the document."""
        return super().render(request, document(request.app))


class SchemaPage(OpenAPIRenderPlugin):
    """Renders the OpenAPI document without asking any other host for anything."""

    def __init__(self) -> None:
        super().__init__(path="/rapidoc")

    def render(self, request: AnyRequest, openapi_schema: dict[str, Any]) -> bytes:
        """Return the page."""
        return PAGE.format(
            title=escape(openapi_schema["info"]["title"]),
            icon=static_url("icon.svg"),
            colors=static_url(COLORS),
            script=static_url(SCRIPT),
            style=static_url("dashboard.css"),
            document=escape(self.get_openapi_json_route(request)),
        ).encode()
