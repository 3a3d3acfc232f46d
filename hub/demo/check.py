"""`make demo-check`: the main job on the running hub, without a person.

A sub-system asks two approvers and tells a department; both reach phones; one approves; the other
phone is cleared; the sub-system hears it once and confirms; the employee sees that. Then somebody
opens a module, and applies for leave by a form.
"""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hub.demo import app, check_modules, company, modules
from hub.demo.fcm import client

PATIENCE_SECONDS = 120.0
EVERY_SECONDS = 0.2


class CheckFailed(Exception):
    """A step did not come out as promised; the message says which and what was seen."""


def main(addresses: Mapping[str, Any]) -> int:
    """Go through the steps, printing each; the exit code."""
    check = Check(addresses)
    try:
        check.run()
    except (
        CheckFailed,
        check_modules.NotAsPromised,
        app.Refused,
        client.Refused,
        OSError,
    ) as failure:
        print(f"  FAILED  {failure}", flush=True)
        return 1
    print("The main job works.", flush=True)
    return 0


class Check:
    """One run of the main job with its own phones and references."""

    def __init__(self, addresses: Mapping[str, Any]) -> None:
        self.web = str(addresses["web"])
        self.receiver = str(addresses["receiver"])
        self.emulator = client.Emulator(str(addresses["phones"]))
        demo = json.loads((Path(addresses["data"]) / "demo.json").read_text(encoding="utf-8"))
        self.api_key = demo["api_key"]
        self.payroll_key = demo["api_keys"][modules.SUBSYSTEM]
        self.run_id = uuid.uuid4().hex[:8]

    def run(self) -> None:
        """Every step in order. Raises CheckFailed at the first that does not hold."""
        bob, dana, alice = (self.phone(name) for name in ("bob", "dana", "alice"))
        said("bob, dana and alice signed in on new pretend phones")
        request = self.send(self.request_body(), key=f"request-{self.run_id}")
        said(f"the sub-system asked {request['audience']['count']} approvers: {request['id']}")
        notice = self.send(self.notice_body(), key=f"notice-{self.run_id}")
        said(f"and told {notice['audience']['count']} people of Finance: {notice['id']}")
        self.wait("bob's phone shows the request", lambda: self.shown(bob, request))
        self.wait("dana's phone shows the request", lambda: self.shown(dana, request))
        self.wait("alice's phone shows the notice", lambda: self.shown(alice, notice))
        if self.shown(alice, request):
            raise CheckFailed("alice was not asked, and yet her phone shows the request")
        item = bob.get(f"me/inbox/{request['id']}")
        if not item["waiting_for_you"]:
            raise CheckFailed("the request does not wait for bob")
        said(f"bob reads it: {item['title']}")
        answer = {"verb": "approve", "version": item["version"]}
        item = bob.post(f"me/inbox/{request['id']}/response", answer, key=f"answer-{self.run_id}")
        if item["decision"]["effect"] != "approve":
            raise CheckFailed(f"bob approved, but the decision is {item['decision']}")
        said("bob approved; the decision is recorded")
        self.wait("dana's tray is cleared", lambda: not self.shown(dana, request))
        self.wait("the sub-system heard of it", lambda: self.callbacks(request))
        self.wait(
            "bob sees that it is confirmed", lambda: self.outcome(bob, request) == "confirmed"
        )
        heard = self.callbacks(request)
        if len(heard) != 1 or not heard[0]["verified"]:
            raise CheckFailed(f"one verified callback was promised, these came: {heard}")
        said("it was one callback, and the standardwebhooks library accepts its signature")
        if self.outcome(dana, request) != "confirmed":
            raise CheckFailed("dana does not see what became of it")
        said("dana sees the same")
        check_modules.run(
            alice, web=self.web, receiver=self.receiver, api_key=self.payroll_key,
            run_id=self.run_id, wait=self.wait, said=said,
        )  # fmt: skip

    def phone(self, name: str) -> app.App:
        """A new pretend phone with a new installation, signed in."""
        label = f"{name} · check {self.run_id}"
        token = self.emulator.register_phone(label, "android")
        phone = app.App(web=self.web, label=label, platform="android", push_token=token)
        phone.sign_in(name, company.PASSWORD)
        phone.activate(self.emulator)
        return phone

    def send(self, body: dict[str, Any], *, key: str) -> Any:
        """POST a notification as the sub-system."""
        url = f"{self.web}/api/v1/notifications"
        headers = {"Idempotency-Key": key}
        return app.call("POST", url, token=self.api_key, body=body, headers=headers)

    def request_body(self) -> dict[str, Any]:
        """A request to bob and dana."""
        return {
            "category": "expense.approval",
            "kind": "request",
            "reference": f"CHECK-{self.run_id}",
            "title": f"Expense report CHECK-{self.run_id}",
            "summary": "Taxi and hotel, Bengaluru",
            "facts": [{"label": "Amount", "value": "412.50", "type": "money", "currency": "EUR"}],
            "audience": {"any": [{"employees": ["E1002", "E1000"]}]},
        }

    def notice_body(self) -> dict[str, Any]:
        """A notice to a department."""
        return {
            "category": "notice",
            "kind": "notice",
            "reference": f"CHECK-N-{self.run_id}",
            "title": "The expense year closes on Friday",
            "audience": {"any": [{"department": "Finance"}]},
        }

    def shown(self, phone: app.App, sent: dict[str, Any]) -> bool:
        """Whether the phone's tray shows this notification."""
        return any(entry["tag"] == sent["id"] for entry in self.emulator.tray(phone.push_token))

    def outcome(self, phone: app.App, sent: dict[str, Any]) -> str:
        """What the employee reads of the decision's outcome."""
        decision = phone.get(f"me/inbox/{sent['id']}")["decision"] or {}
        return str(decision.get("outcome", ""))

    def callbacks(self, sent: dict[str, Any]) -> list[dict[str, Any]]:
        """What the pretend sub-system received about this notification."""
        events = app.call("GET", f"{self.receiver}/events")
        return [
            event
            for event in events
            if not event["verified"] or event["payload"]["data"]["notification_id"] == sent["id"]
        ]

    def wait(self, what: str, happened: Callable[[], object]) -> None:
        """Wait until it happened, and say so. Raises CheckFailed when patience ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            if time.monotonic() > deadline:
                raise CheckFailed(
                    f"within {PATIENCE_SECONDS:.0f} s it did not come about that {what}"
                )
            time.sleep(EVERY_SECONDS)
        said(what)


def said(step: str) -> None:
    """Print a step that holds."""
    print(f"  ok  {step}", flush=True)
