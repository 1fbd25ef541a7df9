"""Makes app/http/openapi_examples.json, the examples of the OpenAPI document, from docs/api.md.

`python -m tests.api.examples` writes it. The first curl of an operation that succeeds and shows its
whole answer is its example; where the page shortens a text to …, one that could stand there does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs

from app.http.openapi import EXAMPLES, document
from app.main import create_app
from app.settings import Settings
from tests.api.reference import read_examples, request

Json = dict[str, Any]

MOMENT = "2026-03-14T12:00:00Z"
WORDS = {
    "alertId": "alert_17",
    "apiKey": "gpk_q1W2e3R4_0123456789abcdefghijklmnopqrstuv",
    "asOf": MOMENT,
    "beganAt": MOMENT,
    "confirmedAt": MOMENT,
    "createdAt": MOMENT,
    "creator": "Ada",
    "decidedAt": MOMENT,
    "heldAt": MOMENT,
    "contentId": "019a2b6c-0000-7000-8000-000000000002",
    "description": "Weighted events that fade with a half-life.",
    "excludedAt": MOMENT,
    "expiresAt": "2026-03-14T13:00:00Z",
    "finalizedAt": MOMENT,
    "id": "019a2b6c-0000-7000-8000-000000000002",
    "keptSince": "2025-12-14T12:00:00Z",
    "key": "uploads/019a2b6c-0000-7000-8000-000000000002",
    "attemptedAt": MOMENT,
    "nextAttemptAt": "2026-03-14T12:00:05Z",
    "from": "2026-03-14T00:00:00Z",
    "liftedAt": "2026-03-14T13:00:00Z",
    "lastUsedAt": MOMENT,
    "likedAt": MOMENT,
    "nextCursor": "lqZ0cmVuZGluZwI",
    "prefix": "gpk_q1W2e3R4",
    "previousSecretUntil": "2026-03-15T12:00:00Z",
    "reason": "type: expected one of view, like, unlike, comment, uncomment, share, watch_time",
    "requestedAt": MOMENT,
    "secret": "whsec_YW4gZXhhbXBsZSBvZiBhIHNlY3JldA==",
    "job": "run_rankings",
    "since": "2026-03-14T00:00:00Z",
    "startedAt": MOMENT,
    "status": "running",
    "succeededAt": MOMENT,
    "to": "2026-03-15T00:00:00Z",
    "url": "https://s3.example.org/files/uploads/019a2b6c-0000-7000-8000-000000000002",
    "windowsAsOf": MOMENT,
}
"""What stands where the page has …, by the name of the field."""
VARIABLES = {
    "URL": "http://host",
    "ADMIN_KEY": "key",
    "TOKEN": "token",
    "CURSOR": "cursor",
    "UPLOAD": WORDS["id"],
    "PUT_URL": "https://s3.example.org/files",
}


def made_examples() -> Json:
    """Return the examples by operationId."""
    schema = document(create_app(Settings()).app)
    found: Json = {}
    for command, status, answer in read_examples():
        sent = request(command, VARIABLES)
        url = urlsplit(sent["url"])
        templates = list(_templates(schema, url.path, sent["method"]))
        if not templates:
            continue  # a route that is not in the document, such as /metrics
        # `/items/liked` is no id.
        path, template = min(templates, key=lambda found: len(found[0]))
        operation = schema["paths"][template][sent["method"].lower()]
        name = operation["operationId"]
        if name in found or status >= 400 or "$CURSOR" in command:
            continue
        example: Json = {"status": str(status), "parameters": {}}
        given = {f"path:{key}": value for key, value in path.items()}
        given |= {f"query:{key}": value for key, value in parse_qsl(url.query)}
        for parameter in operation["parameters"]:
            key = f"{parameter['in']}:{parameter['name']}"
            if key in given:
                example["parameters"][key] = _typed(given[key], parameter["schema"])
        if "content" in sent:
            example["body"] = json.loads(sent["content"])
        if answer is not None:
            example["answer"] = filled(answer)
            if not fits(schema, operation, example):
                continue
        found[name] = example
    return dict(sorted(found.items()))


def fits(schema: Json, operation: Json, example: Json) -> bool:
    """Tell whether the answer of an example is one that the document allows."""
    content = operation["responses"].get(example["status"], {}).get("content")
    if content is None:
        return False
    described, *_ = content.values()
    whole = {**described["schema"], "components": schema["components"]}
    return jsonschema_rs.validator_for(whole, validate_formats=True).is_valid(example["answer"])


def filled(value: Any, name: str = "") -> Any:
    """Return an answer of the page with words where it has …."""
    if isinstance(value, dict):
        return {key: filled(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(part, name) for part in value]
    return WORDS[name] if isinstance(value, str) and "…" in value else value


def _templates(schema: Json, path: str, method: str) -> Iterator[tuple[dict[str, str], str]]:
    """Return the paths of the document that a path can be one of."""
    for template, item in schema["paths"].items():
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template)
        if method.lower() in item and (found := re.fullmatch(pattern, path)):
            yield {name: unquote(value) for name, value in found.groupdict().items()}, template


def _typed(text: str, schema: Json) -> Any:
    match schema.get("type"):
        case "integer" | "boolean":
            return json.loads(text)
        case "array":
            return [text]
    return text


def written(examples: Json) -> str:
    """Return the file's text."""
    return json.dumps(examples, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    EXAMPLES.write_text(written(made_examples()))
