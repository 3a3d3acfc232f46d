"""A pretend app: signs in, reads and answers as a phone would, through the mobile API."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Any

from hub.demo.fcm import client

ACTIVE_WITHIN_SECONDS = 60.0


class Refused(Exception):
    """The hub answered with a problem; `problem` is its document."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__("{status} {code}: {detail}".format_map({"detail": "", **problem}))
        self.problem = problem


def call(
    method: str,
    url: str,
    *,
    token: str = "",
    body: object = None,
    headers: dict[str, str] | None = None,
) -> Any:
    """One request to the hub and its JSON. Raises Refused for an error answer."""
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            content = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(_problem(error)) from None
    return json.loads(content) if content else None


@dataclass
class App:
    """The app on one pretend phone."""

    web: str
    label: str
    platform: str
    push_token: str
    access_token: str = field(default="", repr=False)

    def sign_in(self, user_name: str, password: str) -> dict[str, Any]:
        """Sign in; the label stands for the installation, so a repeat replaces the session."""
        answer: dict[str, Any] = call(
            "POST",
            f"{self.web}/api/v1/auth/login",
            body={
                "username": user_name,
                "password": password,
                "device": {
                    "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, self.label)),
                    "platform": self.platform,
                    "os_version": "15",
                    "model": "Pretend phone",
                    "app_version": "1.0",
                    "name": self.label,
                    "push_token": self.push_token,
                },
            },
        )
        self.access_token = answer["access_token"]
        self._accept_privacy_notice()
        return answer

    def activate(self, emulator: client.Emulator) -> set[str]:
        """Send the code back that the hub pushes to a new address; the codes that came.

        Returns once the hub pushes here. Raises TimeoutError if it does not come to that.
        """
        deadline, echoed = time.monotonic() + ACTIVE_WITHIN_SECONDS, set[str]()
        while not self._is_reached():
            for data in emulator.phone(self.push_token)["recent"]:
                if data.get("type") == "activate" and data["id"] not in echoed:
                    echoed.add(data["id"])
                    self.post("me/device/push-echo", {"id": data["id"]})
            if time.monotonic() > deadline:
                raise TimeoutError(f"no code came to {self.label} by push")
            time.sleep(0.1)
        return echoed

    def _is_reached(self) -> bool:
        entries = self.get("me/devices")["entries"]
        return any(entry["current"] and entry["push"] == "registered" for entry in entries)

    def _accept_privacy_notice(self) -> None:
        """What the app does once the person has read the notice it shows."""
        version = self.get("me/consents")["to_accept"]
        if version is not None:
            self.post("me/consents", {"notice": version})

    def get(self, path: str, **query: str) -> Any:
        """Read from the mobile API."""
        suffix = f"?{urllib.parse.urlencode(query)}" if query else ""
        return call("GET", f"{self.web}/api/v1/{path}{suffix}", token=self.access_token)

    def post(self, path: str, body: object, *, key: str = "") -> Any:
        """Act through the mobile API, once however often it is repeated with the same key."""
        return call(
            "POST",
            f"{self.web}/api/v1/{path}",
            token=self.access_token,
            body=body,
            headers={"Idempotency-Key": key} if key else None,
        )


def _problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        problem = json.loads(error.read())
    except ValueError:
        problem = None
    return (
        problem if isinstance(problem, dict) else {"status": error.code, "code": "no_problem_json"}
    )
