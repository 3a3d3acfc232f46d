"""The OpenAPI document says what the hub does, all of it, and the page shows it by itself."""

import json
import re

import jsonschema
import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from hub import openapi
from tests.hub.api import codes
from tests.hub.api.matrix import MATRIX, address
from tests.hub.api.routes import routes

# The document, and the page that shows it.
OF_ITSELF = {"GET /api/v1/openapi.json", "GET /api/v1/docs"}
DESCRIBED = sorted({route.key for route in routes()} - OF_ITSELF)
REFUSED = "#/components/schemas/Problem"


@pytest.fixture(scope="module")
def document():
    openapi.document.cache_clear()
    GENERATOR_STATS.reset()
    return openapi.document()


@pytest.fixture
def operation(document):
    def find(key):
        method, path = key.split(" ")
        return document["paths"][path][method.lower()]

    return find


def test_it_is_made_without_a_warning(document):
    assert not GENERATOR_STATS
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_it_is_openapi_3_1_by_the_official_meta_schema(document):
    assert document["openapi"].startswith("3.1.")
    validate_schema(json.loads(json.dumps(document)))


def test_every_schema_in_it_is_a_json_schema(document):
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_route_is_in_it_and_nothing_else(document):
    described = {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }

    assert sorted(described) == DESCRIBED


def test_what_it_is_asked_for_is_what_is_made(client, document):
    answer = client.get("/api/v1/openapi.json")

    assert answer["Content-Type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(document))
    # Nothing of the query comes back: neither a language nor a version, in no header.
    odd = client.get("/api/v1/openapi.json?lang=%00&version=%0d%0aX:1&format=yaml")
    assert (odd.status_code, odd.content) == (200, answer.content)


@pytest.mark.parametrize("key", DESCRIBED)
def test_an_operation_says_all_a_client_needs(operation, key):
    said = operation(key)

    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", said["operationId"])
    [tag] = said["tags"]
    assert tag in openapi.TAGS
    assert said["summary"]
    assert said["description"]
    door = MATRIX[key].door
    assert said["security"] == ([] if door == "open" else [{door: []}])
    assert any(status.startswith("2") for status in said["responses"])
    refusals = (
        {"405", "406", "500", "503"}
        | ({"400", "413", "415", "422"} if "requestBody" in said else set())
        | ({"401", "403", "429"} if said["security"] else set())
    )
    assert refusals <= said["responses"].keys()
    for status, response in said["responses"].items():
        assert response["description"]
        assert "X-Request-ID" in response["headers"]
        if status == "304":
            assert "content" not in response
        elif not status.startswith("2"):
            [(kind, content)] = response["content"].items()
            assert kind == "application/problem+json"
            assert content["schema"] == {"$ref": REFUSED}


def test_operation_ids_are_unique(document):
    ids = [operation["operationId"] for operation in openapi.operations(document)]

    assert len(set(ids)) == len(ids)


def test_every_reference_leads_somewhere(document):
    text = json.dumps(document)
    for kind, name in re.findall(r'"#/components/(\w+)/([^"]+)"', text):
        assert name in document["components"][kind]


def test_every_header_parameter_that_repeats_an_act_is_described(operation):
    for key in ("POST /api/v1/notifications", "POST /api/v1/me/inbox/{notification_id}/response"):
        names = [parameter["name"] for parameter in operation(key).get("parameters", [])]
        assert "Idempotency-Key" in names


def validator(document, schema):
    whole = {**schema, "components": document["components"]}
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())


@pytest.mark.django_db
@pytest.mark.parametrize("key", DESCRIBED)
def test_an_answer_is_what_the_document_says(world, document, operation, key):
    method, path = key.split(" ")
    row, said = MATRIX[key], operation(key)
    for caller in row.expected():
        answer = world.call(caller, method, address(path, world), row.body(world))
        response = said["responses"][str(answer.status_code)]
        if answer.status_code == 204:
            assert answer.content == b""
            assert "content" not in response
            continue
        [(kind, content)] = response["content"].items()
        assert answer["Content-Type"] == kind
        if kind.endswith("json"):
            validator(document, content["schema"]).validate(json.loads(answer.content))
        names = {name for name in response["headers"] if name.startswith("RateLimit-")}
        if answer.status_code < 300:
            assert all(name in answer for name in names)
        if answer.status_code >= 400:
            codes.problem(answer)


@pytest.mark.django_db
def test_lists_with_something_in_them_are_what_the_document_says(world, document, operation):
    for caller, key in (
        ("owner", "GET /api/v1/me/inbox"),
        ("sender", "GET /api/v1/notifications"),
        ("owner", "GET /api/v1/me/devices"),
    ):
        body = world.call(caller, *key.split(" ")).json()
        schema = operation(key)["responses"]["200"]["content"]["application/json"]["schema"]
        assert body["entries"]
        validator(document, schema).validate(body)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key", [key for key in DESCRIBED if MATRIX[key].body.__name__ != "<lambda>" or "POST" in key]
)
def test_a_body_that_the_hub_takes_is_one_that_the_document_allows(world, document, operation, key):
    body = MATRIX[key].body(world)
    if body is None:
        assert "requestBody" not in operation(key)
        return
    taken = operation(key)["requestBody"]["content"]
    if "application/json" not in taken:
        return  # a file
    check = validator(document, taken["application/json"]["schema"])
    check.validate(json.loads(json.dumps(body)))
    assert not check.is_valid({**body, "surprise": 1}), "unknown fields are refused, and it says so"


def test_the_page_has_no_inline_script_or_style_and_names_no_other_host():
    page = Client().get("/api/v1/docs")
    text = page.content.decode()

    assert page.status_code == 200
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=", text)
    for address_ in re.findall(r'(?:src|href|data-document)="([^"]+)"', text):
        assert address_.startswith("/"), address_
        assert not address_.startswith("//")
    policy = page["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|\*", policy)


def test_every_file_of_the_page_is_ours_to_serve():
    text = Client().get("/api/v1/docs").content.decode()
    files = re.findall(r'(?:src|href)="/static/([^"]+)"', text)

    assert len(files) >= 4
    for name in files:
        assert finders.find(name), name
    script = finders.find("hub/docs.js")
    assert script
    source = open(script, encoding="utf-8").read()  # noqa: SIM115
    assert "validatorUrl: null" in source, "Swagger UI would ask its makers' host otherwise"
    assert not re.search(r"https?://", source)
