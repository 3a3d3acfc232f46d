"""The OpenAPI document of both APIs, and a page to read it with; neither asks another host.

What is true of every operation (its refusals before any view, the headers on every answer) is
written here once, so that no view can forget it.
"""

import functools
import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator

from accounts.api.views import OpenView
from hub.lib import errors

ALWAYS = {
    405: "The address does not take that method.",
    406: "The Accept header excludes what the hub answers in.",
    500: "The hub failed.",
    503: "Something the hub depends on does not answer now.",
}
WITH_BODY = {
    400: "The body cannot be read.",
    411: "The body comes without its length.",
    413: "The body is too large.",
    415: "The body is not JSON in UTF-8.",
}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {
        "description": "The request's id, as given if it was fit, in logs and callbacks too.",
        "schema": {"type": "string"},
    },
    "RateLimit-Limit": {
        "description": "Requests a minute.",
        "schema": {"type": "integer"},
    },
    "RateLimit-Remaining": {
        "description": "What is left of them in this minute.",
        "schema": {"type": "integer"},
    },
    "RateLimit-Reset": {
        "description": "Seconds until the next minute begins.",
        "schema": {"type": "integer"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the next try.",
        "schema": {"type": "integer"},
    },
}
TAGS = {
    "Sub-system API": "For systems that send: notices, requests, and what became of them.",
    "Mobile API: session": "Signing in and out; the tokens a phone carries.",
    "Mobile API: employee": "Oneself, and one's phones.",
    "Mobile API: privacy": "What happens to one's data, and what one may ask for.",
    "Mobile API: inbox": "What came, and one's answers.",
    "Mobile API: self-serve": "Modules to open, and forms to hand in.",
}
METHODS = ("get", "post", "put", "patch", "delete")


@functools.cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document, as served: made once in a process, from the views themselves."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    made["components"]["headers"] = HEADERS
    made["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    for operation in operations(made):
        _complete(operation)
    _close_inputs(made)
    return made


def operations(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of a document."""
    for path in made["paths"].values():
        yield from (path[method] for method in METHODS if method in path)


def _complete(operation: dict[str, Any]) -> None:
    operation.setdefault("security", [])  # said, so that nobody takes it for forgotten
    problem = {
        "content": {errors.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    }
    common = {**ALWAYS, **(WITH_BODY if "requestBody" in operation else {})}
    for status, why in common.items():
        operation["responses"].setdefault(str(status), {**problem, "description": why})
    operation["responses"] = dict(sorted(operation["responses"].items()))
    for status, response in operation["responses"].items():
        names = ["X-Request-ID"]
        if operation["security"] and status not in {"401", "406"}:
            names += [name for name in HEADERS if name.startswith("RateLimit-")]
        if status in {"409", "429", "503"}:
            names.append("Retry-After")
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        response["description"] = response["description"] or "Done."


def _close_inputs(made: dict[str, Any]) -> None:
    """Say of bodies that are only sent to the hub that unknown fields are refused.

    What the hub answers with stays open: fields are added there without a new version.
    """
    schemas = made["components"]["schemas"]
    sent: set[str] = set()
    answered: set[str] = set()
    for operation in operations(made):
        _reach(operation.get("requestBody", {}), schemas, sent)
        _reach(operation["responses"], schemas, answered)
    for name in sent - answered:
        if schemas[name].get("type") == "object":
            schemas[name]["additionalProperties"] = False


def _reach(part: Any, schemas: dict[str, Any], seen: set[str]) -> None:
    """Add the names of the schemas that a part of the document refers to, at any distance."""
    if isinstance(part, list):
        for value in part:
            _reach(value, schemas, seen)
    elif isinstance(part, dict):
        name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
        if name in schemas and name not in seen:
            seen.add(name)
            _reach(schemas[name], schemas, seen)
        for value in part.values():
            _reach(value, schemas, seen)


class Document(OpenView):
    """GET /api/v1/openapi.json."""

    schema = None

    def get(self, request: HttpRequest) -> HttpResponse:
        """The document; it changes with a release only."""
        return HttpResponse(
            json.dumps(document()),
            content_type="application/json",
            headers={"Cache-Control": "public, max-age=300"},
        )


class Docs(TemplateView):
    """GET /api/v1/docs: Swagger UI from our own files, under the strict CSP of the project."""

    template_name = "hub/docs.html"
