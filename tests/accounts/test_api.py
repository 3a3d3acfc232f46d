"""The doors of identity, over HTTP: what opens them, and how each refusal reads."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ed25519
from django.conf import LazySettings
from django.test import Client

from accounts import activation, audit, people
from accounts.directory import local
from accounts.models import Activation, ApiKey, AuditEvent, Device, Employee
from hub.lib import clock, jwk
from tests.accounts.conftest import person

pytestmark = [pytest.mark.urls("tests.accounts.urls"), pytest.mark.django_db]
PHONE = {"uuid": "3f1c4e52-phone-1", "platform": "android", "model": "Pixel 9"}


@pytest.fixture(autouse=True)
def directory_file(
    tmp_path: Path, settings: LazySettings, alice: Employee, bob: Employee, charlie: Employee
) -> Path:
    """The local directory, with the cast in it; the password is `correct horse`."""
    path = tmp_path / "people.json"
    local.write(
        path=path,
        accounts=[local.Account(person(one), "correct horse") for one in (alice, bob, charlie)],
        groups=[],
        hash_iterations=1,
    )
    settings.LOCAL_DIRECTORY_FILE = str(path)
    return path


def send(
    client: Client, method: str, path: str, body: object = None, token: str = "", **headers: str
) -> Any:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content = b"" if body is None else json.dumps(body).encode()
    return client.generic(
        method, f"/api/v1/{path}", content, content_type="application/json", headers=headers
    )


def login(client: Client, user_name: str = "alice", **device: object) -> dict[str, Any]:
    body = {"username": user_name, "password": "correct horse", "device": PHONE | device}
    response = send(client, "POST", "auth/login", body)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def activate(client: Client, session: dict[str, Any]) -> None:
    """The app sends back the code that came by push."""
    asked = Activation.objects.get(device_id=session["device_id"])
    body = {"id": activation.code_of(asked.pk)}
    for _ in range(2):  # the first answer is lost
        done = send(client, "POST", "me/device/push-echo", body, session["access_token"])
        assert (done.status_code, done.content) == (204, b"")


def refused(response: Any, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    problem: dict[str, Any] = response.json()
    assert problem["code"] == code
    assert {"type", "title", "status", "detail", "request_id"} <= problem.keys()
    return problem


def test_a_phone_signs_in_sees_itself_refreshes_and_signs_out(client: Client) -> None:
    session = login(client, push_token="fcm-token")
    manager = {"employee_id": "E1000", "display_name": "Dana"}
    assert session["employee"]["manager"] == manager
    me = send(client, "GET", "me", token=session["access_token"])
    assert me.json() == session["employee"]
    assert me["Cache-Control"] == "no-store"
    assert me["RateLimit-Limit"] == "240"
    listed = send(client, "GET", "me/devices", token=session["access_token"])
    assert listed.json()["entries"][0]["push"] == "pending"
    activate(client, session)
    [entry] = send(client, "GET", "me/devices", token=session["access_token"]).json()["entries"]
    assert entry["id"] == session["device_id"]
    assert (entry["current"], entry["push"], entry["model"]) == (True, "registered", "Pixel 9")
    renewed = send(
        client, "POST", "auth/refresh", {"refresh_token": session["refresh_token"]}
    ).json()
    assert send(client, "GET", "me", token=renewed["access_token"]).status_code == 200
    done = send(client, "POST", "auth/logout", token=renewed["access_token"])
    assert (done.status_code, done.content) == (204, b"")
    again = send(client, "GET", "me", token=renewed["access_token"])
    problem = refused(again, 401, "session_revoked")
    assert (problem["reason"], problem["wipe"]) == ("logout", True)
    assert again["WWW-Authenticate"] == "Bearer"


def device_key() -> dict[str, str]:
    return jwk.PublicKey.of_private(ed25519.Ed25519PrivateKey.generate()).jwk


def has_key(client: Client, session: dict[str, Any]) -> bool:
    entries = send(client, "GET", "me/devices", token=session["access_token"]).json()["entries"]
    return bool(entries[0]["has_key"])


def test_a_key_comes_with_the_sign_in_and_is_replaced_by_another_one_only(client: Client) -> None:
    first, second = device_key(), device_key()
    session = login(client, key=first)

    assert has_key(client, session)
    [device] = Device.objects.all()
    assert device.key == first
    [signed_in] = AuditEvent.objects.filter(action="signed_in")
    assert signed_in.data["key"] == device.key_thumbprint
    assert has_key(client, login(client, key=second))
    assert Device.objects.get(closed_at=None).key == second
    assert not has_key(client, login(client))


def test_a_key_of_a_colleague_is_refused_even_after_their_session(client: Client) -> None:
    key = device_key()
    session = login(client, "alice", key=key)
    send(client, "POST", "auth/logout", token=session["access_token"])
    body = {"username": "bob", "password": "correct horse", "device": PHONE | {"key": key}}

    [error] = refused(send(client, "POST", "auth/login", body), 422, "invalid")["errors"]
    assert (error["pointer"], error["code"]) == ("/device/key", "key_of_another")
    assert has_key(client, login(client, "alice", key=key)), "one's own may come again"


@pytest.mark.parametrize(
    "key", [{}, {"kty": "EC"}, {"spki": "AAAA"}, {"spki": "AAAA", "kty": "EC"}, {"d": "private"}]
)
def test_what_is_no_public_key_is_refused_before_the_directory_is_asked(
    client: Client, key: dict[str, str]
) -> None:
    body = {"username": "alice", "password": "wrong", "device": PHONE | {"key": key}}

    refused(send(client, "POST", "auth/login", body), 422, "invalid")


def test_a_wrong_password_and_an_unknown_name_read_alike(client: Client) -> None:
    answers = []
    for user_name in ("alice", "nobody"):
        body = {"username": user_name, "password": "wrong", "device": PHONE}
        problem = refused(send(client, "POST", "auth/login", body), 401, "invalid_credentials")
        answers.append({**problem, "request_id": ""})
    assert answers[0] == answers[1]
    assert not Device.objects.exists()


def test_too_many_tries_say_when_to_come_back(client: Client) -> None:
    for _ in range(4):
        send(client, "POST", "auth/login", {"username": "bob", "password": "x", "device": PHONE})
    body = {"username": "bob", "password": "correct horse", "device": PHONE}
    response = send(client, "POST", "auth/login", body)
    refused(response, 429, "too_many_attempts")
    assert 0 < int(response["Retry-After"]) <= 1800


def test_a_directory_that_does_not_answer_is_a_503_and_sessions_go_on(
    client: Client, directory_file: Path
) -> None:
    session = login(client)
    directory_file.write_text("{")
    body = {"username": "alice", "password": "correct horse", "device": PHONE}
    response = send(client, "POST", "auth/login", body)
    refused(response, 503, "directory_unavailable")
    assert response["Retry-After"]
    refresh = {"refresh_token": session["refresh_token"]}
    assert send(client, "POST", "auth/refresh", refresh).status_code == 200


def test_an_access_token_a_day_old_asks_for_a_refresh(client: Client) -> None:
    session = login(client)
    with time_machine.travel(clock.now() + timedelta(days=1, seconds=1), tick=False):
        refused(send(client, "GET", "me", token=session["access_token"]), 401, "token_expired")


def test_a_disabled_employee_is_refused_at_once(client: Client, alice: Employee) -> None:
    session = login(client)
    people.set_disabled(employee_id=alice.pk, reason="left", actor=audit.HUB, now=clock.now())
    refused(send(client, "GET", "me", token=session["access_token"]), 403, "account_disabled")


def test_a_lost_phone_is_signed_out_from_another_one(client: Client) -> None:
    lost, kept = login(client), login(client, uuid="another-phone")
    path = f"me/devices/{lost['device_id']}"
    assert send(client, "DELETE", path, token=kept["access_token"]).status_code == 204
    refused(send(client, "GET", "me", token=lost["access_token"]), 401, "session_revoked")
    refused(send(client, "DELETE", path, token=kept["access_token"]), 404, "not_found")


def test_a_strangers_device_looks_like_none(client: Client) -> None:
    hers, his = login(client), login(client, "charlie", uuid="charlies-phone")
    path = f"me/devices/{hers['device_id']}"
    theirs = refused(send(client, "DELETE", path, token=his["access_token"]), 404, "not_found")
    unknown = path[:-12] + "0" * 12
    none = refused(send(client, "DELETE", unknown, token=his["access_token"]), 404, "not_found")
    assert theirs | {"request_id": ""} == none | {"request_id": ""}
    assert send(client, "GET", "me", token=hers["access_token"]).status_code == 200


def test_signing_out_everywhere_counts_what_it_ended(client: Client) -> None:
    first = login(client)
    login(client, uuid="another-phone")
    done = send(client, "POST", "auth/logout-everywhere", token=first["access_token"])
    assert done.json() == {"ended": 2}


def test_a_push_token_is_registered_for_the_phone_that_speaks(client: Client) -> None:
    session = login(client)
    body = {"push_token": "fcm-2", "push_kind": "fid"}
    path = "me/device/push-token"
    assert send(client, "PUT", path, body, session["access_token"]).status_code == 204
    assert Device.objects.get().push_address is None
    activate(client, session)
    device = Device.objects.get()
    assert (device.push_address, device.push_kind) == ("fcm-2", "fid")
    unknown = send(client, "POST", "me/device/push-echo", {"id": "x"}, session["access_token"])
    refused(unknown, 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "me"),
        ("GET", "me/devices"),
        ("DELETE", "me/devices/01890000-0000-7000-8000-000000000000"),
        ("PUT", "me/device/push-token"),
        ("POST", "me/device/push-echo"),
        ("GET", "me/devices/01890000-0000-7000-8000-000000000000"),
        ("POST", "auth/logout"),
        ("POST", "auth/logout-everywhere"),
    ],
)
def test_only_an_employees_own_token_opens(
    client: Client, key: str, method: str, path: str
) -> None:
    session = login(client)
    for token in ("", "nonsense", key, session["refresh_token"], session["access_token"] + "x"):
        response = send(client, method, path, {}, token)
        refused(response, 401, "not_authenticated")
        assert response["WWW-Authenticate"] == "Bearer"
    basic = client.generic(method, f"/api/v1/{path}", headers={"Authorization": "Basic YTpi"})
    refused(basic, 401, "not_authenticated")


def test_an_employees_token_opens_no_door_of_subsystems(client: Client, key: str) -> None:
    session = login(client)
    for token in ("", session["access_token"]):
        refused(send(client, "POST", "echo", {}, token), 401, "not_authenticated")
    assert send(client, "POST", "echo", {"title": "x"}, key).status_code == 200


def test_an_odd_login_is_refused_field_by_field(client: Client) -> None:
    body = {
        "username": 5, "password": "", "extra": 1,
        "device": {"uuid": "short", "platform": "amiga", "model": "a\u0000b", "x": 1},
    }  # fmt: skip
    body["device"]["model"] = "a\u0007b"  # type: ignore[index]
    problem = refused(send(client, "POST", "auth/login", body), 422, "invalid")
    told = {(error["pointer"], error["code"]) for error in problem["errors"]}
    assert told >= {
        ("/username", "invalid"),
        ("/password", "blank"),
        ("/extra", "unknown_field"),
        ("/device/uuid", "min_length"),
        ("/device/platform", "invalid_choice"),
        ("/device/model", "control_character"),
        ("/device/x", "unknown_field"),
    }


@pytest.mark.parametrize("body", [[], "x", 5, None, [{}]])
def test_a_body_that_is_no_object_is_refused(client: Client, body: object) -> None:
    assert send(client, "POST", "auth/login", body).status_code in {400, 422}


def test_flaws_at_any_depth_have_their_pointer(client: Client, key: str) -> None:
    body = {
        "title": "a\nb",
        "inner": {"name": "toolong", "note": "two\nlines", "a/b": 1},
        "many": [{"name": "x"}, {"note": "\u202e"}],
        "numbers": [1, "x"],
        "free": {"deep": ["\u0007"]},
        "word": "\u0007",
    }
    problem = refused(send(client, "POST", "echo", body, key), 422, "invalid")
    assert {(error["pointer"], error["code"]) for error in problem["errors"]} == {
        ("/title", "control_character"),
        ("/inner/name", "max_length"),
        ("/inner/a~1b", "unknown_field"),
        ("/many/1/name", "required"),
        ("/many/1/note", "bidi_control"),
        ("/numbers/1", "invalid"),
        ("/free/deep/0", "control_character"),
    }


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, rubbish", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("", "203.0.113.9", None),
    ],
)
def test_a_forwarded_address_is_believed_from_our_proxies_only(
    client: Client, settings: LazySettings, peer: str, forwarded: str, seen: str | None
) -> None:
    settings.HUB_TRUSTED_PROXIES = ["10.0.0.0/8"]
    body = {"username": "alice", "password": "correct horse", "device": PHONE}
    client.post(
        "/api/v1/auth/login", body, content_type="application/json",
        REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded},
    )  # fmt: skip
    assert Device.objects.get().last_address == seen


def test_an_app_that_is_too_old_is_told_before_the_directory_is_asked(
    client: Client, settings: LazySettings
) -> None:
    settings.APP_VERSION_LEAST = {"android": "2.4"}
    for version in ({}, {"app_version": "2.3.9"}, {"app_version": "nightly"}):
        body = {"username": "alice", "password": "wrong", "device": PHONE | version}
        problem = refused(send(client, "POST", "auth/login", body), 403, "upgrade_required")
        assert problem["least"] == "2.4"
    login(client, app_version="2.4.0-beta")
    session = login(client, platform="ios")  # for which no least version is set
    settings.APP_VERSION_LEAST = {"ios": "3"}
    body = {"refresh_token": session["refresh_token"]}
    refused(send(client, "POST", "auth/refresh", body), 403, "upgrade_required")
    body["app_version"] = "3.0"
    assert send(client, "POST", "auth/refresh", body).status_code == 200


def test_neither_tokens_nor_passwords_appear_in_the_log(
    client: Client, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    session = login(client, push_token="fcm-token")
    send(client, "GET", "me", token=session["access_token"])
    send(client, "POST", "echo", {"title": "x"}, key)
    for secret in (session["access_token"], session["refresh_token"], "correct horse", key):
        assert secret not in caplog.text
    assert "fcm-token" not in caplog.text
    assert ApiKey.objects.get().last_used_at is not None


def test_the_app_says_which_firebase_project_its_address_is_of(
    client: Client, settings: LazySettings
) -> None:
    settings.FCM_PROJECTS = {"emea": "/emea.json", "us": "/us.json"}
    session = login(client, push_token="fcm-1", push_project="us")
    activate(client, session)
    assert Device.objects.get().push_project == "us"
    path, token = "me/device/push-token", session["access_token"]
    body = {"push_token": "fcm-2", "push_project": "emea"}
    assert send(client, "PUT", path, body, token).status_code == 204
    activate(client, session)
    assert Device.objects.get().push_project == "emea"
    assert send(client, "PUT", path, {"push_token": "fcm-3"}, token).status_code == 204
    activate(client, session)
    assert Device.objects.get().push_project == ""  # the default one


def test_a_firebase_project_that_the_hub_does_not_know_is_refused_and_nothing_changes(
    client: Client, settings: LazySettings
) -> None:
    session = login(client, push_token="fcm-1")
    activate(client, session)
    path, token = "me/device/push-token", session["access_token"]
    body = {"push_token": "fcm-2", "push_project": "apac"}
    settings.FCM_PROJECTS = {"emea": "/emea.json", "us": "/us.json"}
    refused = send(client, "PUT", path, body, token)
    assert refused.status_code == 422
    (flaw,) = refused.json()["errors"]
    assert (flaw["pointer"], flaw["code"]) == ("/push_project", "unknown_project")
    assert Device.objects.get().push_address == "fcm-1"
    settings.FCM_PROJECTS = {"": "/only.json"}  # a single one: kept for the day there are more
    assert send(client, "PUT", path, body, token).status_code == 204
    activate(client, session)
    assert Device.objects.get().push_project == "apac"
