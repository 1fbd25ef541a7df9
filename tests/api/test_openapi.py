"""The OpenAPI document: valid, whole, and shown without another host's help."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
import yaml
from litestar import Litestar
from litestar.routes import HTTPRoute
from openapi_spec_validator import validate

from app.http.openapi import EXAMPLES, LINES, operation_path
from app.http.openapi import document as made_of
from app.http.openapi_headers import RATE_LIMITS
from app.http.wire import Problem
from app.ingest.limits import LIMIT_HEADERS
from app.main import create_app
from app.settings import Settings
from app.stats.fields import fields_of
from tests.api.examples import fits, made_examples, written

HIDDEN = {
    "/",
    "/items/{itemType}/{contentId}",
    "/pages/alerts",
    "/rankings",
    "/keys",
    "/status",
    "/metrics",
    "/static/{path}",
    "/beacon.js",
    "/embed.js",
    "/embed/frame.js",
    "/embed/trending",
    "/llms.txt",
    "/problems",
    "/problems/{slug}",
}
"""For people's browsers and machines of the house, not for callers."""
BY_ID = {
    "/analytics/series",
    "/analytics/totals",
    "/analytics/breakdown",
    "/recommendations",
}
"""They take ids as filters."""
WITHOUT_PROBLEMS = {"/health/live", "/health/ready"}


@pytest.fixture
def app() -> Litestar:
    return create_app(Settings()).app


@pytest.fixture
def document(app: Litestar) -> dict[str, Any]:
    return made_of(app)


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "put", "post", "delete", "patch"}
    }


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_is_in_it(app: Litestar, document: dict[str, Any]) -> None:
    routed = {
        (operation_path(route.path), method.lower())
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
        # CloudEvents has names of its own, such as data_base64.
        for field in schema.get("properties", {}) if name != "CloudEvent" else ():
            assert re.fullmatch(r"[a-z][a-zA-Z0-9]*", field), (name, field)
    for key, operation in operations(document).items():
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                assert re.fullmatch(r"[a-z][a-zA-Z0-9]*", parameter["name"]), key


def test_every_field_is_described(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description") or schema.get("title"), name
        for field, part in schema.get("properties", {}).items():
            assert part.get("description"), (name, field)


def test_an_answer_with_fewer_fields_is_one(document: dict[str, Any]) -> None:
    least = fields_of("views1h")
    assert least is not None
    assert set(document["components"]["schemas"]["ItemStats"]["required"]) <= least


def test_bodies_and_answers_are_named(document: dict[str, Any]) -> None:
    for key, operation in operations(document).items():
        body = operation.get("requestBody", {}).get("content", {})
        answers = [
            each
            for one in operation["responses"].values()
            for each in one.get("content", {}).items()
            # Lines are text.
            if each[0] not in {"text/event-stream", *LINES}
        ]
        for media_type, content in (*body.items(), *answers):
            assert "$ref" in content["schema"], (key, media_type)
    content = document["paths"]["/analytics/events"]["post"]["requestBody"]["content"]
    named = {kind: body["schema"]["$ref"].split("/")[-1] for kind, body in content.items()}
    assert named == {
        "application/json": "EventInOrMore",
        "application/x-ndjson": "EventIn",
        "application/cloudevents+json": "CloudEvent",
        "application/cloudevents-batch+json": "CloudEventBatch",
    }


def test_keys_follow_from_guards(document: dict[str, Any]) -> None:
    def ways(path: str, method: str) -> list[set[str]]:
        return [set(way) for way in document["paths"][path][method]["security"]]

    callers: list[set[str]] = [set(), {"apiKey"}, {"apiKeyHeader"}]
    assert ways("/health/live", "get") == []
    assert ways("/items", "put") == callers
    assert ways("/items", "get") == [*callers, {"publicKey"}]
    assert ways("/analytics/events", "post") == [*callers, {"publicKey"}]
    assert ways("/admin/audit", "get") == [{"adminKey"}, {"apiKeyHeader"}]
    assert ways("/items/liked", "get") == [{"userToken"}, {"userToken", "apiKeyHeader"}]
    for key, operation in operations(document).items():
        assert {"401", "403"} <= operation["responses"].keys() or not operation["security"], key
        assert "400" in operation["responses"], key
        assert ("/problems/admin-disabled" in str(operation)) == (
            {"adminKey": []} in operation["security"]
        ), key


def test_headers_are_told(document: dict[str, Any]) -> None:
    assert [name.lower() for name in RATE_LIMITS] == list(LIMIT_HEADERS)
    paths = document["paths"]
    recorded = paths["/analytics/view/{contentId}"]["post"]["responses"]
    assert recorded["202"]["headers"].keys() == RATE_LIMITS.keys()
    assert recorded["429"]["headers"].keys() == {"Retry-After", *RATE_LIMITS}
    trending = paths["/analytics/trending"]["get"]["responses"]
    assert trending["200"]["headers"].keys() == {"ETag", "Cache-Control"}
    recompute = paths["/admin/stats/recompute"]["post"]["responses"]
    assert recompute["202"]["headers"].keys() == {"Location"}
    for key, operation in operations(document).items():
        for status in {"409", "429", "503"} & operation["responses"].keys():
            assert "Retry-After" in operation["responses"][status]["headers"], (key, status)


def test_ids_can_stand_in_the_query(document: dict[str, Any]) -> None:
    for (path, method), operation in operations(document).items():
        places = {each["in"] for each in operation["parameters"] if each["name"] == "contentId"}
        allowed = {"path", "query"} if "{contentId}" in path else set()
        assert places == ({"query"} if path in BY_ID else allowed), (path, method)
        named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path))


def test_the_examples_are_those_of_the_reference(document: dict[str, Any]) -> None:
    made = made_examples()
    renew = "docs/api.md and the examples differ: python -m tests.api.examples"
    assert EXAMPLES.read_text() == written(made), renew
    for operation in operations(document).values():
        name = operation["operationId"]
        # The stream never ends, and deleting answers nothing.
        assert name in made or name == "alertStream", f"{name} has no curl in docs/api.md"
        if "answer" in made.get(name, {}):
            assert fits(document, operation, made[name]), name


async def test_the_page_loads_nothing_from_another_host(api: httpx.AsyncClient) -> None:
    page = await api.get("/schema")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert not re.findall(r"""(?:src|href|url)\s*=\s*["']?(?:https?:)?//""", page.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    for path in re.findall(r'(?:src|href|spec-url)="([^"]+)"', page.text):
        found = await api.get(path, headers={"accept": "text/html, */*"})
        assert found.status_code == 200, path


async def test_the_document_is_served(api: httpx.AsyncClient, document: dict[str, Any]) -> None:
    served = await api.get("/schema/openapi.json")
    assert served.json() == document
    as_yaml = await api.get("/schema/openapi.yaml")
    assert yaml.safe_load(as_yaml.text) == document
