"""Whatever is sent to the open doors, the answer is a 4xx in the one shape, never a 5xx."""

import pytest
from django.test import Client

from tests.accounts.test_api import refused

pytestmark = [pytest.mark.urls("tests.accounts.urls"), pytest.mark.django_db]
DOORS = ["auth/login", "auth/refresh"]
PHONE = b'"device":{"uuid":"12345678","platform":"ios"}'

BODIES = {
    "nothing": b"",
    "not json": b"{",
    "bad utf-8": b'{"username":"\xff"}',
    "a thousand levels": b"[" * 1000 + b"]" * 1000,
    "a hundred thousand levels": b'{"a":' * 20_000,
    "NaN": b'{"username":NaN}',
    "a huge number": b'{"username":1e999}',
    "a long number": b'{"username":' + b"9" * 5000 + b"}",
    "twice the same key": b'{"username":"a","username":"b"}',
    "NUL": b'{"username":"a\\u0000","password":"b",' + PHONE + b"}",
    "a lone surrogate": b'{"username":"a","password":"\\ud800",' + PHONE + b"}",
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "other types": b'{"username":[],"password":{},"device":[],"refresh_token":7}',
    "types within": b'{"username":"a","password":"b","device":{"uuid":{},"platform":[]}}',
    "bidi": '{"username":"\u202eecila","password":"b","refresh_token":"\u202e"}'.encode(),
    "combining": ('{"username":"a' + "\u0301" * 500 + '","refresh_token":"x"}').encode(),
    "long": b'{"username":"' + b"a" * 200_000 + b'"}',
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(20_000)) + b"}",
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_no_body_breaks_an_open_door(client: Client, door: str, body: bytes) -> None:
    response = client.post(f"/api/v1/{door}", body, content_type="application/json")
    assert response.status_code in {400, 401, 413, 422}, response.content[:200]
    refused(response, response.status_code, response.json()["code"])


@pytest.mark.parametrize("door", DOORS)
def test_a_body_above_256_kb_is_too_large(client: Client, door: str) -> None:
    body = b'{"username":"' + b"a" * 300_000 + b'"}'
    response = client.post(f"/api/v1/{door}", body, content_type="application/json")
    refused(response, 413, "too_large")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_only_json_is_read(client: Client, content_type: str) -> None:
    response = client.generic("POST", "/api/v1/auth/login", b"{}", content_type=content_type)
    refused(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "base64", "idna"])
def test_an_odd_charset_is_refused(client: Client, charset: str) -> None:
    response = client.generic(
        "POST", "/api/v1/auth/login", b"{}", content_type=f"application/json; charset={charset}"
    )
    assert response.status_code in {400, 415}
    refused(response, response.status_code, response.json()["code"])


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer a b", "bearer \xff", "Bearer " + "a" * 100_000, "\x00"]
)
def test_no_authorization_header_breaks_a_door(client: Client, header: str) -> None:
    response = client.get("/api/v1/me", headers={"Authorization": header})
    refused(response, 401, "not_authenticated")


@pytest.mark.parametrize("path", ["me/devices/x", "me/devices/" + "0" * 5000, "nowhere", "me/"])
def test_an_unknown_address_is_a_problem_too(client: Client, path: str) -> None:
    refused(client.get(f"/api/v1/{path}"), 404, "not_found")


@pytest.mark.parametrize(("method", "path"), [("GET", "auth/login"), ("TRACE", "auth/refresh")])
def test_a_method_nobody_takes_is_a_problem_too(client: Client, method: str, path: str) -> None:
    refused(client.generic(method, f"/api/v1/{path}"), 405, "method_not_allowed")
