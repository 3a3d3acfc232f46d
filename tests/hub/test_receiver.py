"""The pretend sub-system believes only what the public library verifies, and answers as told."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from hub.demo.receiver import journal, server

SECRET = "whsec_" + "QUFB" * 8
BODY = json.dumps({"type": "decision.made", "data": {"reference": "<EXP-1>"}})


class Running:
    """A receiver that serves in a thread, and a client for it."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "callbacks.jsonl"
        secrets = directory / "secrets.json"
        secrets.write_text(json.dumps({"payroll": SECRET}))
        self.server = server.create(port=0, kept=journal.Journal(self.log), secrets=secrets)
        self.url = json.loads(server.ready_line(self.server))["url"]
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.01])
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def call(
        self, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        request = urllib.request.Request(
            self.url + path, data=None if body is None else body.encode(), headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                text, status = answer.read().decode(), answer.status
        except urllib.error.HTTPError as error:
            text, status = error.read().decode(), error.code
        return status, json.loads(text) if text.startswith(("{", "[")) else text


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    receiver = Running(tmp_path)
    yield receiver
    receiver.stop()


def test_a_module_says_why_it_greets_nobody(running: Running) -> None:
    for query, status in (("", 400), ("?hub_code=hub_lc_x", 503)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{running.url}/modules/payroll/leave{query}")
        assert refused.value.code == status
        assert b"<h1>" in refused.value.read()


def signed(webhook_id: str, *, secret: str = SECRET) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": standardwebhooks.Webhook(secret).sign(webhook_id, now, BODY),
    }


def test_a_signed_callback_is_confirmed_and_listed(running: Running) -> None:
    status, answer = running.call("/callbacks/payroll", BODY, signed("evt_1"))
    assert (status, answer) == (200, {"status": "confirmed", "message": "Booked."})
    (event,) = running.call("/events?id=evt_1")[1]
    assert event["verified"]
    assert event["payload"] == json.loads(BODY)
    assert json.loads(running.log.read_text())["webhook_id"] == "evt_1"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/callbacks/payroll", signed("evt_1", secret="whsec_" + "QkJC" * 8)),
        ("/callbacks/payroll", {}),
        ("/callbacks/payroll", {**signed("evt_1"), "webhook-signature": "v1,%"}),
        ("/callbacks/payroll", {**signed("evt_1"), "webhook-timestamp": "1000000000"}),
        ("/callbacks/unknown", signed("evt_1")),
    ],
)
def test_what_is_not_signed_with_the_right_secret_now_is_refused(
    running: Running, path: str, headers: dict[str, str]
) -> None:
    assert running.call(path, BODY, headers)[0] == 401
    (event,) = running.call("/events")[1]
    assert not event["verified"]
    assert event["payload"] is None


def test_a_repeat_is_marked_as_one_also_after_a_restart(running: Running, tmp_path: Path) -> None:
    for _ in range(2):
        running.call("/callbacks/payroll", BODY, signed("evt_1"))
    assert [event["repeat"] for event in running.call("/events")[1]] == [False, True]
    with running.log.open("a") as stream:
        stream.write('{"received_at": "cut')  # killed while it wrote
    again = journal.Journal(running.log)
    assert again.seen("evt_1")
    assert len(again.events()) == 2


def test_it_answers_by_the_script_as_often_as_told(running: Running) -> None:
    assert running.call("/script", '{"status": 500, "times": 1}')[0] == 200
    statuses = [running.call("/callbacks/payroll", BODY, signed(f"evt_{n}"))[0] for n in range(2)]
    assert statuses == [500, 200]
    running.call("/script", '{"outcome": "refused", "message": "Budget is closed."}')
    for n in range(2, 4):
        _, answer = running.call("/callbacks/payroll", BODY, signed(f"evt_{n}"))
        assert answer == {"status": "refused", "message": "Budget is closed."}


@pytest.mark.parametrize(
    "script", ["[]", "{", '{"outcome": "maybe"}', '{"status": "x"}', '{"colour": 1}']
)
def test_a_script_that_makes_no_sense_is_refused(running: Running, script: str) -> None:
    assert running.call("/script", script)[0] == 422
    assert running.call("/script")[1]["outcome"] == "confirmed"


def test_the_page_shows_what_arrived_as_text_and_never_as_html(running: Running) -> None:
    running.call("/callbacks/payroll", BODY, signed("evt_1"))
    running.call("/callbacks/<script>", BODY, {"webhook-id": "<b>"})
    _, page = running.call("/")
    assert "&lt;EXP-1&gt;" in page
    assert "<b>" not in page.split("</p>", 1)[1]
    assert "<script" not in page
