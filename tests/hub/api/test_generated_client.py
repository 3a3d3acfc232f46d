"""A client that a generator makes from the document alone goes the whole way of an approval."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub import openapi
from hub.wsgi import application
from notifications import attachments

PACKAGE = "generated_hub_client"
GENERATOR = Path(sys.executable).with_name("openapi-python-client")
PHONE = {"uuid": "the-phone-of-bob", "platform": "android"}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The generated package, importable; nothing of the document was beyond the generator."""
    directory = tmp_path_factory.mktemp("client")
    (directory / "openapi.json").write_text(json.dumps(openapi.document()), encoding="utf-8")
    # The generator knows files by one name only.
    config = {
        "post_hooks": [],
        "content_type_overrides": dict.fromkeys(
            ("application/zip", "image/png", *attachments.TYPES), "application/octet-stream"
        ),
    }
    (directory / "config.yml").write_text(json.dumps(config), encoding="utf-8")
    done = subprocess.run(
        [
            GENERATOR, "generate", "--path", "openapi.json", "--config", "config.yml",
            "--meta", "none", "--output-path", PACKAGE, "--fail-on-warning",
        ],
        cwd=directory, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(directory))
    try:
        yield __import__(PACKAGE)
    finally:
        sys.path.remove(str(directory))
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]


class Caller:
    """The generated client with somebody's token; every answer must be one of its models."""

    def __init__(self, token: str = "") -> None:
        client = __import__(f"{PACKAGE}.client", fromlist=["Client"])
        transport = httpx.WSGITransport(app=application)
        given: dict[str, Any] = {
            "base_url": "http://testserver", "httpx_args": {"transport": transport},
            "raise_on_unexpected_status": True,
        }  # fmt: skip
        self.client = (
            client.AuthenticatedClient(token=token, **given) if token else client.Client(**given)
        )

    def __call__(self, operation: str, *ids: object, body: Any = None, **query: Any) -> Any:
        """Call an operation such as `mobile_api_inbox.respond`; the model of its answer."""
        module = __import__(f"{PACKAGE}.api.{operation}", fromlist=["sync"])
        if body is not None:
            query["body"] = body
        return module.sync_detailed(*ids, client=self.client, **query).parsed


def model(name: str, **members: Any) -> Any:
    """An instance of a generated model, made from JSON as its own code reads it."""
    models = __import__(f"{PACKAGE}.models", fromlist=[name])
    return getattr(models, name).from_dict(members)


def sign_in(name: str) -> tuple[Caller, Any]:
    opened = Caller()(
        "mobile_api_session.login",
        body=model(
            "LoginInput", username=name, password="right", device={**PHONE, "uuid": f"{name}-phone"}
        ),
    )
    return Caller(opened.access_token), opened


@pytest.mark.django_db(transaction=True)  # the feeds tell what is committed
def test_a_generated_client_runs_the_whole_story(generated: Any, world: Any) -> None:
    payroll = Caller(world.tokens["sender"].removeprefix("Bearer "))
    sent = payroll(
        "sub_system_api.send_notification",
        idempotency_key="the-request",
        body=model(
            "NotificationInput",
            category="approval", kind="request", title="Expense report EXP-1", reference="EXP-1",
            summary="Taxi", body="**Two** nights", sensitivity="internal",
            facts=[{"label": "Amount", "value": "12.50", "type": "money", "currency": "EUR"}],
            audience={"any": [{"employees": ["E1001", "E1002"]}]},
            actions=[
                {"verb": "approve", "label": "Approve"},
                {"verb": "reject", "label": "Reject", "comment": "none", "inputs": [
                    {"name": "reason", "type": "select", "options": ["late"], "required": True},
                ]},
            ],
        ),
    )  # fmt: skip
    assert (str(sent.state), sent.audience.count) == ("open", 2)

    bob, opened = sign_in("bob")
    assert bob("mobile_api_employee.read_me").employee_id == "E1002"
    assert opened.employee.employee_id == "E1002"
    cursor = bob("mobile_api_inbox.follow_changes").cursor
    state = __import__(f"{PACKAGE}.models", fromlist=["ListInboxState"]).ListInboxState("waiting")
    waiting = bob("mobile_api_inbox.list_inbox", state=state).entries
    assert sent.id in {entry.id for entry in waiting}
    assert bob("mobile_api_inbox.read_counts").waiting >= 1

    item = bob("mobile_api_inbox.read_item", sent.id)
    assert item.facts[0].currency == "EUR"
    assert [action.verb for action in item.actions] == ["approve", "reject"]
    asked = bob(
        "mobile_api_inbox.ask_back",
        sent.id,
        body=model("QuestionInput", to="subsystem", text="Why?"),
    )
    payroll(
        "sub_system_api.reply_as_subsystem", sent.id,
        body=model("SubsystemReplyInput", question_id=str(asked.thread[0].id), text="Because."),
    )  # fmt: skip
    refused = bob(
        "mobile_api_inbox.respond", sent.id, body=model("ResponseInput", verb="reject", version=1)
    )
    assert {flaw.pointer for flaw in refused.errors} == {"/inputs/reason"}
    answered = bob(
        "mobile_api_inbox.respond", sent.id, idempotency_key=uuid.uuid4().hex,
        body=model("ResponseInput", verb="approve", version=item.version, comment="Fine."),
    )  # fmt: skip
    assert (answered.decision.by_you, str(answered.decision.outcome)) == (True, "recorded")
    assert answered.thread[0].reply.text == "Because."

    # The sub-system reads the decision, by report and by feed, and tells what it did with it.
    report = payroll("sub_system_api.read_notification", sent.id)
    assert str(report.decision.effect) == "approve"
    events = payroll("sub_system_api.follow_decisions").entries
    assert {"decision.made"} <= {event.type_ for event in events}
    payroll(
        "sub_system_api.tell_outcome", sent.id,
        body=model("OutcomeInput", status="refused", message="The month is closed."),
    )  # fmt: skip
    told = bob("mobile_api_inbox.read_item", sent.id).decision
    assert (str(told.outcome), told.message) == ("refused", "The month is closed.")
    changed = bob("mobile_api_inbox.follow_changes", since=cursor)
    assert sent.id in {entry.id for entry in changed.entries} or changed.more is False
    assert bob("mobile_api_inbox.list_own_answers").entries[0].notification_id == sent.id

    # A stranger's client reads a problem, and so does one that has signed out.
    charlie, _ = sign_in("charlie")
    assert charlie("mobile_api_inbox.read_item", sent.id).code == "not_found"
    bob("mobile_api_session.logout")
    assert bob("mobile_api_employee.read_me").code == "session_revoked"
