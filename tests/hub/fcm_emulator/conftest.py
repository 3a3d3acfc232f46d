"""A real emulator process, a token from its token endpoint, and a way to send over HTTP/2."""

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from hub.demo.fcm import process
from hub.demo.fcm.client import Emulator

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
SEND = "/v1/projects/demo-hub/messages:send"

type Sending = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Running]:
    started = process.start(tmp_path_factory.mktemp("fcm"))
    yield started
    started.stop()


@pytest.fixture
def emulator(running: process.Running) -> Iterator[Emulator]:
    client = running.client()
    client.clear_log()
    yield client
    client.clear_scripts()
    client.settings(
        latency_ms=0, quota_per_minute=0, access_token_seconds=3600, clock_offset_seconds=0
    )


def trusting(running: process.Running) -> Request:
    """google-auth's transport, trusting the emulator's authority whatever the environment says."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(running.ca_file)
    return Request(session=session)


@pytest.fixture(scope="session")
def access_token(running: process.Running) -> str:
    credentials = service_account.Credentials.from_service_account_file(
        running.credentials_file, scopes=[SCOPE]
    )
    credentials.refresh(trusting(running))
    token: str = credentials.token
    return token


def connect(running: process.Running, *, http2: bool = True) -> httpx.Client:
    context = ssl.create_default_context(cafile=running.ca_file)
    return httpx.Client(
        base_url=running.endpoint, http2=http2, verify=context, trust_env=False, timeout=10
    )


@pytest.fixture(scope="session")
def http(running: process.Running, access_token: str) -> Iterator[httpx.Client]:
    with connect(running) as client:
        client.headers["authorization"] = f"Bearer {access_token}"
        yield client


@pytest.fixture
def send(http: httpx.Client) -> Sending:
    def sending(
        token: str | None = None, *, dry_run: bool = False, **message: Any
    ) -> httpx.Response:
        if token is not None:
            message["token"] = token
        body: dict[str, Any] = {"message": message}
        if dry_run:
            body["validate_only"] = True
        return http.post(SEND, json=body)

    return sending


def shown(identity: str, title: str = "Expenses", **more: str) -> dict[str, str]:
    """The data of a push that the app draws."""
    return {"v": "1", "type": "notification", "id": identity, "title": title, **more}


def cleared(identity: str) -> dict[str, str]:
    """The data of a push that takes an entry off the screen."""
    return {"v": "1", "type": "clear", "id": identity}


def problem(response: httpx.Response) -> tuple[int, str, str | None]:
    """Status, Google's status and Firebase's code of an error."""
    error = response.json()["error"]
    assert error["code"] == response.status_code
    codes = [d["errorCode"] for d in error.get("details", []) if "errorCode" in d]
    return response.status_code, error["status"], codes[0] if codes else None


def violations(response: httpx.Response) -> list[str]:
    """The fields that a BadRequest names."""
    details = response.json()["error"]["details"]
    return [v["field"] for d in details for v in d.get("fieldViolations", [])]
