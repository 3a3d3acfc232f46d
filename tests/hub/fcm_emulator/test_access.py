"""Who may send: the token endpoint, the bearer token, the project; and Google's own clients."""

import json
import time
from typing import Any

import firebase_admin
import httpx
import pytest
from firebase_admin import exceptions, messaging
from google.auth import crypt, jwt
from google.oauth2 import service_account

from hub.demo.fcm import phones, process
from hub.demo.fcm.client import Emulator
from tests.hub.fcm_emulator.conftest import SCOPE, SEND, connect, problem, shown

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def firebase(running: process.Running, monkeypatch: pytest.MonkeyPatch) -> Any:
    """firebase-admin, unchanged but for the one constant that names Google's host."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.ca_file))
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    # google-auth would look up, in the background, at Google, in which regions it may be used.
    lookup = "_is_regional_access_boundary_lookup_required"
    monkeypatch.setattr(service_account.Credentials, lookup, lambda credentials: False)
    url = running.endpoint + "/v1/projects/{0}/messages:send"
    monkeypatch.setattr("firebase_admin.messaging._MessagingService.FCM_URL", url)
    certificate = firebase_admin.credentials.Certificate(str(running.credentials_file))
    app = firebase_admin.initialize_app(certificate, name="emulated")
    yield app
    firebase_admin.delete_app(app)


def test_firebase_admin_itself_is_served(emulator: Emulator, firebase: Any) -> None:
    phone = emulator.register_phone("Alice")
    message = messaging.Message(
        token=phone,
        data=shown("7"),
        android=messaging.AndroidConfig(priority="high", ttl=3600),
        apns=messaging.APNSConfig(
            headers={"apns-collapse-id": "7", "apns-priority": "10"},
            payload=messaging.APNSPayload(aps=messaging.Aps(alert=messaging.ApsAlert(title="E"))),
        ),
    )
    name = messaging.send(message, app=firebase)
    assert name.startswith("projects/demo-hub/messages/")
    assert [item["tag"] for item in emulator.tray(phone)] == ["7"]
    assert messaging.send(message, dry_run=True, app=firebase).endswith("/fake_message_id")
    assert emulator.phone(phone)["accepted"] == 1


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("UNREGISTERED", messaging.UnregisteredError),
        ("SENDER_ID_MISMATCH", messaging.SenderIdMismatchError),
        ("THIRD_PARTY_AUTH_ERROR", messaging.ThirdPartyAuthError),
        ("INVALID_ARGUMENT", exceptions.InvalidArgumentError),
    ],
)
def test_firebase_admin_understands_each_refusal(
    emulator: Emulator, firebase: Any, behaviour: str, error: type[Exception]
) -> None:
    phone = emulator.register_phone("Alice")
    # On a 401 google-auth fetches a new token and tries twice more.
    emulator.script(phone, [{"do": behaviour, "always": True}])
    with pytest.raises(error):
        messaging.send(messaging.Message(token=phone, data=shown("7")), app=firebase)
    assert emulator.tray(phone) == []


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, "CREDENTIALS_MISSING"),
        ("Bearer nonsense", "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
        ("Bearer ya29.AAAA", "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
        ("Bearer ya29.é", "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
        ("Basic dXNlcjpwYXNz", "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    ],
)
def test_a_request_without_our_bearer_token_is_refused(
    emulator: Emulator, running: process.Running, authorization: str | None, reason: str
) -> None:
    headers = [] if authorization is None else [(b"authorization", authorization.encode())]
    with connect(running) as client:
        answer = client.post(SEND, headers=headers, json={"message": {}})
    assert problem(answer) == (401, "UNAUTHENTICATED", None)
    assert answer.json()["error"]["details"][0]["reason"] == reason
    assert "www-authenticate" in answer.headers


def test_an_access_token_cannot_be_given_a_longer_life(
    emulator: Emulator, running: process.Running, access_token: str
) -> None:
    forged = access_token.replace("ya29.Q", "ya29.R", 1)  # the first bits are the expiry's
    assert forged != access_token
    with connect(running) as client:
        headers = {"authorization": f"Bearer {forged}"}
        answer = client.post(SEND, headers=headers, json={"message": {"topic": "news"}})
    assert problem(answer) == (401, "UNAUTHENTICATED", None)


def test_an_access_token_dies_at_its_time(
    emulator: Emulator, running: process.Running, access_token: str
) -> None:
    headers = {"authorization": f"Bearer {access_token}"}
    message = {"message": {"topic": "news"}}
    with connect(running) as client:
        assert client.post(SEND, headers=headers, json=message).status_code == 200
        emulator.settings(clock_offset_seconds=3700)
        answer = client.post(SEND, headers=headers, json=message)
    assert answer.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_EXPIRED"


def test_another_project_is_refused(http: httpx.Client) -> None:
    answer = http.post("/v1/projects/somebody-else/messages:send", json={"message": {}})
    assert problem(answer) == (403, "PERMISSION_DENIED", None)


def test_an_unknown_address_is_a_404_in_the_same_shape(http: httpx.Client) -> None:
    assert problem(http.post("/v2/anything", json={})) == (404, "NOT_FOUND", None)
    assert problem(http.get(SEND)) == (404, "NOT_FOUND", None)


def _assertion(running: process.Running, algorithm: str = "RS256", **changes: Any) -> str:
    key = json.loads(running.credentials_file.read_text())
    now = int(time.time())
    claims = {
        "iss": key["client_email"],
        "aud": key["token_uri"],
        "scope": SCOPE,
        "iat": now,
        "exp": now + 3600,
        **changes,
    }
    signed: bytes = jwt.encode(
        crypt.RSASigner.from_service_account_info(key), claims, header={"alg": algorithm}
    )
    return signed.decode()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "mallory@demo-hub.iam.gserviceaccount.com"}, "invalid_grant"),
        ({"aud": "https://elsewhere.example/token"}, "invalid_grant"),
        ({"scope": "https://www.googleapis.com/auth/drive"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"iat": 1_000_000, "exp": 1_003_600}, "invalid_grant"),
        ({"exp": int(time.time()) + 90_000}, "invalid_grant"),
        ({"exp": "soon"}, "invalid_grant"),
    ],
)
def test_an_assertion_that_claims_something_wrong_gets_no_token(
    http: httpx.Client, running: process.Running, changes: dict[str, Any], code: str
) -> None:
    good = http.post("/token", data={"grant_type": GRANT, "assertion": _assertion(running)})
    assert good.status_code == 200
    assert good.json()["expires_in"] == 3600
    assertion = _assertion(running, **changes)
    bad = http.post("/token", data={"grant_type": GRANT, "assertion": assertion})
    assert (bad.status_code, bad.json()["error"]) == (400, code)


def test_an_assertion_with_a_foreign_signature_gets_no_token(
    http: httpx.Client, running: process.Running
) -> None:
    head, body, signature = _assertion(running).split(".")
    forged = signature[:-10] + ("A" * 10 if not signature.endswith("A" * 10) else "B" * 10)
    unsigned = _assertion(running, algorithm="none")
    for assertion in (unsigned, f"{head}.{body}.{forged}", f"{head}.{body}.", "nonsense", "a.b.c"):
        answer = http.post("/token", data={"grant_type": GRANT, "assertion": assertion})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_another_kind_of_grant_is_refused(http: httpx.Client) -> None:
    answer = http.post("/token", data={"grant_type": "password"})
    assert answer.json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize(("behaviour", "status"), [("UNAVAILABLE", 503), ("HTML_502", 502)])
def test_the_token_endpoint_can_be_down(
    emulator: Emulator, http: httpx.Client, running: process.Running, behaviour: str, status: int
) -> None:
    emulator.script("oauth", [behaviour])
    request = {"grant_type": GRANT, "assertion": _assertion(running)}
    assert [http.post("/token", data=request).status_code for _ in range(2)] == [status, 200]


def test_a_well_formed_token_that_nobody_has_is_unregistered(
    emulator: Emulator, http: httpx.Client
) -> None:
    message = {"token": phones.new_token(), "data": shown("7")}
    for dry_run in (False, True):
        answer = http.post(SEND, json={"message": message, "validate_only": dry_run})
        assert problem(answer) == (404, "NOT_FOUND", "UNREGISTERED")


def test_a_phone_without_the_app_is_unregistered(emulator: Emulator, http: httpx.Client) -> None:
    phone = emulator.register_phone("Alice")
    assert http.post(SEND, json={"message": {"token": phone}}).status_code == 200
    emulator.unregister(phone)
    answer = http.post(SEND, json={"message": {"token": phone}})
    assert problem(answer) == (404, "NOT_FOUND", "UNREGISTERED")
