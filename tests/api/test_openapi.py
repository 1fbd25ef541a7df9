"""The OpenAPI document: valid, whole, and shown without another host's help."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from app.http.wire import Problem
from app.main import create_app
from app.settings import Settings

HIDDEN = {"/", "/metrics", "/static/{path}", "/beacon.js"}
"""For people's browsers and machines of the house, not for callers."""
WITHOUT_PROBLEMS = {"/health/live", "/health/ready"}


@pytest.fixture
def app() -> Litestar:
    return create_app(Settings()).app


@pytest.fixture
def document(app: Litestar) -> dict[str, Any]:
    return app.openapi_schema.to_schema()


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "put", "post", "delete", "patch"}
    }


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validator = pytest.importorskip(
        "jsonschema_rs", reason="schemathesis brings jsonschema_rs: make test installs both"
    )
    assert document["openapi"].startswith("3.1")
    for name, schema in document["components"]["schemas"].items():
        validator.meta.validate(schema)
        assert re.fullmatch(r"[\w.-]+", name)
    references = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", repr(document)))
    assert references <= document["components"]["schemas"].keys()


def test_every_route_is_in_it(app: Litestar, document: dict[str, Any]) -> None:
    routed = {
        (re.sub(r":\w+}", "}", route.path), method.lower())
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"HEAD", "OPTIONS"}
    }
    shown = {key for key in routed if not key[0].startswith("/schema") and key[0] not in HIDDEN}
    assert shown == operations(document).keys()


def test_every_operation_is_named_explained_and_grouped(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    ids = [operation["operationId"] for operation in operations(document).values()]
    assert len(set(ids)) == len(ids)
    for key, operation in operations(document).items():
        assert operation["summary"], key
        assert operation["description"], key
        assert set(operation["tags"]) <= tags, key
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (key, parameter["name"])


def test_every_operation_tells_its_problems(document: dict[str, Any]) -> None:
    for (path, method), operation in operations(document).items():
        if path in WITHOUT_PROBLEMS:
            continue
        failures = {
            status: answer for status, answer in operation["responses"].items() if status >= "400"
        }
        assert "503" in failures, (path, method)
        for status, answer in failures.items():
            assert "/problems/" in answer["description"], (path, method, status)
            (media_type,) = answer["content"]
            assert media_type == "application/problem+json", (path, method, status)


def test_a_problem_is_what_rfc_9457_says(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"][Problem.__name__]
    assert set(schema["properties"]) == {"type", "title", "status", "detail", "instance"}


def test_names_are_camel_case(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for field in schema.get("properties", {}):
            assert re.fullmatch(r"[a-z][a-zA-Z0-9]*", field), (name, field)
    for key, operation in operations(document).items():
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                assert re.fullmatch(r"[a-z][a-zA-Z0-9]*", parameter["name"]), key


async def test_the_page_loads_nothing_from_another_host(api: httpx.AsyncClient) -> None:
    page = await api.get("/schema")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert not re.findall(r"""(?:src|href|url)\s*=\s*["']?(?:https?:)?//""", page.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    for path in re.findall(r'(?:src|href|spec-url)="([^"]+)"', page.text):
        found = await api.get(path)
        assert found.status_code == 200, path


async def test_the_document_is_served(api: httpx.AsyncClient, document: dict[str, Any]) -> None:
    served = await api.get("/schema/openapi.json")
    assert served.json()["paths"].keys() == document["paths"].keys()
