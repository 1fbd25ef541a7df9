"""The OpenAPI document: what Litestar makes of the routes, completed by what they declare besides.

Nothing in here knows a route. Bodies and answers are the Structs that routes name, keys follow from
their guards, and examples are those of docs/api.md, kept beside this file because an installed
package has no docs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from app.http.openapi_access import complete_access
from app.http.openapi_bodies import Body, DescribedOperation
from app.http.openapi_headers import HEADERS, complete_headers
from app.http.openapi_schemas import Schemas
from app.http.parameters import ID_PARAMETER, IN_QUERY, MAX_NAME, public_name
from app.http.tables import TABLES
from app.http.wire import Problem

EXAMPLES = Path(__file__).with_name("openapi_examples.json")
"""By operationId; `python -m tests.api.examples` makes it from docs/api.md."""

Json = dict[str, Any]

LINES = ("text/csv", "application/x-ndjson")
"""Media types of answers that are tables."""

_PATH_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
_KEPT_AS = "openapi_document"


class Declared(NamedTuple):
    """A handler, and the operation of the document that it is."""

    handler: HTTPRouteHandler
    operation: Json


def document(app: Litestar) -> Json:
    """Return the whole document; it is made once."""
    made: Json | None = app.state.get(_KEPT_AS)
    if made is None:
        made = app.state[_KEPT_AS] = _completed(app)
    return made


def operation_path(route_path: str) -> str:
    """Return a route's path as the document has it: `/items/{contentId}`."""
    return _PATH_PARAMETER.sub(lambda match: "{" + public_name(match[1]) + "}", route_path)


def _completed(app: Litestar) -> Json:
    made: Json = json.loads(json.dumps(app.openapi_schema.to_schema()))
    made["info"]["license"] = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
    made["paths"] = {operation_path(path): item for path, item in made["paths"].items()}
    declared = list(_declared(app, made))
    schemas = Schemas(_kinds(declared))
    examples: Json = json.loads(EXAMPLES.read_text())
    for handler, operation in declared:
        _complete_parameters(operation)
        _complete_bodies(handler, operation, schemas)
        guards = handler.resolve_guards()
        complete_access(operation, guards)
        complete_headers(operation, guards, handler.opt)
        _add_example(operation, examples.get(operation["operationId"], {}))
    made["components"]["schemas"] = dict(sorted(schemas.components.items()))
    made["components"]["headers"] = HEADERS
    return made


def _declared(app: Litestar, made: Json) -> Iterator[Declared]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            methods = made["paths"].get(operation_path(route.path), {})
            for handler in route.route_handlers:
                for method in sorted(handler.http_methods):
                    if handler.resolve_include_in_schema() and method.lower() in methods:
                        yield Declared(handler, methods[method.lower()])


def _kinds(declared: list[Declared]) -> Iterator[Any]:
    yield Problem
    for handler, _ in declared:
        yield from (kind for kind in _answers(handler).values() if kind not in {None, str})
        if body := _body(handler):
            yield from body.kinds.values()


def _answers(handler: HTTPRouteHandler) -> dict[int, Any]:
    return {status: spec.data_container for status, spec in (handler.responses or {}).items()}


def _body(handler: HTTPRouteHandler) -> Body | None:
    kind = handler.operation_class
    return kind.taken if issubclass(kind, DescribedOperation) else None


def _complete_parameters(operation: Json) -> None:
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        if parameter["in"] == "path":
            parameter["name"] = public_name(parameter["name"])
        for name in ("deprecated", "allowEmptyValue", "allowReserved"):
            parameter.pop(name, None)
        parameter["schema"].pop("description", None)
        parameter["schema"] = schema = _of_query(parameter["schema"])
        if "enum" in schema:
            # Clients name a type after it, which an answer's field of this name has one of, too.
            schema["title"] = f"{parameter['name']}Parameter"
    if any((each["in"], each["name"]) == ("path", ID_PARAMETER) for each in parameters):
        parameters.append(
            {
                "name": ID_PARAMETER,
                "in": "query",
                "required": False,
                "description": "The id, where it cannot stand in the path; "
                f"the path then has `{IN_QUERY}`.",
                "schema": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
            }
        )


def _of_query(schema: Json) -> Json:
    """Return a schema without null, which no query can have, and with whole bounds."""
    schema = dict(schema)
    for part in schema.pop("oneOf", []):
        schema |= part if part.get("type") != "null" else {}
    if isinstance(schema.get("type"), list):
        (schema["type"],) = (kind for kind in schema["type"] if kind != "null")
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in schema.items()
    }


def _complete_bodies(handler: HTTPRouteHandler, operation: Json, schemas: Schemas) -> None:
    if body := _body(handler):
        operation["requestBody"] = {
            "required": body.is_required,
            "content": {
                media_type: {"schema": schemas.of_body(body, media_type)}
                for media_type in body.kinds
            },
        }
    if handler.opt.get(TABLES):
        contents = operation["responses"]["200"]["content"]
        for media_type in LINES:
            contents[media_type] = {"schema": {"type": "string", "description": "One line each."}}
    for status, kind in _answers(handler).items():
        for media_type, content in operation["responses"][str(status)].get("content", {}).items():
            if kind not in {None, str} and media_type not in LINES:
                content["schema"] = schemas.of(kind)


def _add_example(operation: Json, example: Mapping[str, Any]) -> None:
    """Put what was sent and answered into an operation."""
    for parameter in operation["parameters"]:
        key = f"{parameter['in']}:{parameter['name']}"
        if key in example.get("parameters", {}):
            parameter["example"] = example["parameters"][key]
    if "body" in example:
        _show(operation["requestBody"]["content"]["application/json"], example["body"])
    if "answer" in example:
        content, *_ = operation["responses"][example["status"]]["content"].values()
        _show(content, example["answer"])


def _show(content: Json, value: Any) -> None:  # noqa: ANN401  # any JSON
    # Not as `example`: RapiDoc looks for a `value` in each of its fields, and fails at a null one.
    content["examples"] = {"reference": {"summary": "From the reference", "value": value}}
