"""`/schema`: the OpenAPI document to read and to try out, with a vendored RapiDoc."""

from __future__ import annotations

from html import escape
from typing import Any

from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin, YamlRenderPlugin

from app.dashboard.shell import page_of
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

MAIN = """<h1 class="quiet-text">{title} API</h1>
<rapi-doc spec-url="{document}" load-fonts="false" render-style="view" show-header="false"
  regular-font="system-ui, sans-serif" mono-font="ui-monospace, monospace" font-size="large"
  schema-description-expanded="true" schema-style="table" allow-spec-url-load="false"
  allow-spec-file-load="false" allow-try="true" allow-authentication="true"
  allow-server-selection="false" fill-request-fields-with-example="true" show-components="false"
  persist-auth="false">
</rapi-doc>
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
        title = escape(openapi_schema["info"]["title"])
        main = MAIN.format(title=title, document=escape(self.get_openapi_json_route(request)))
        return page_of(
            title=f"{title} API",
            main=main,
            at="/schema",
            styles=("schema.css",),
            scripts=(COLORS, SCRIPT),
        ).encode()
