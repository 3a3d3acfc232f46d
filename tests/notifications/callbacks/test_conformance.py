"""The conformance kit finds what a receiver does wrong, and nothing where it does all right."""

import io
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks
from django.core.management import CommandError, call_command

from accounts import audit, subsystems
from tests.notifications.callbacks.endpoint import Said

pytestmark = pytest.mark.django_db


def receiver(secret, **faults):
    """A receiver as documented, but for the faults."""
    handled = set()

    def answer(handler):
        said = answer.endpoint.heard[-1]
        status, body = judge(said)
        handler.say(status, body)

    def judge(said: Said):
        event = json.loads(said.body)
        if not faults.get("verifies", True):
            return 200, {"received": event["id"]}
        try:
            if faults.get("tolerates_old"):
                hook = standardwebhooks.Webhook(secret)
                seconds = said.headers["webhook-timestamp"]
                signature = hook.sign(
                    said.id, datetime.fromtimestamp(int(seconds), UTC), said.body.decode()
                )
                if signature not in said.headers.get("webhook-signature", "").split(" "):
                    return 401, {}
            elif faults.get("first_signature_only"):
                headers = dict(said.headers)
                headers["webhook-signature"] = headers.get("webhook-signature", "").split(" ")[0]
                standardwebhooks.Webhook(secret).verify(said.body, headers)
            else:
                standardwebhooks.Webhook(secret).verify(said.body, said.headers)
        except standardwebhooks.WebhookVerificationError:
            return faults.get("refuses_with", 401), {}
        if event["id"] in handled and faults.get("refuses_repeats"):
            return 422, {}
        handled.add(event["id"])
        if event["type"] not in {"decision.made", "response.recorded"} and faults.get("knows_all"):
            return 400, {}
        if faults.get("wants_order"):
            if event["data"]["sequence"] < faults.get("highest", 0):
                return 422, {}
            faults["highest"] = event["data"]["sequence"]
        return 200, {} if faults.get("forgets_id") else {"received": event["id"]}

    return answer


def conform(endpoint, *options, **faults):
    """What the command says, and whether it is content."""
    answer = receiver(endpoint.secret, **faults)
    answer.endpoint = endpoint
    endpoint.answers = [answer]
    out = io.StringIO()
    try:
        call_command("conform", "payroll", *options, stdout=out)
    except CommandError as wrong:
        return out.getvalue() + str(wrong), False
    return out.getvalue(), True


def wrongs(said):
    return [line.removeprefix("WRONG").strip() for line in said.splitlines() if "WRONG" in line]


def test_a_receiver_as_documented_passes(endpoint):
    said, is_content = conform(endpoint, "--strict")

    assert is_content, said
    assert "All 11 checks passed." in said
    assert {one.event["data"]["mode"] for one in endpoint.heard} == {"test"}


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ({"refuses_repeats": True}, ["the same callback again"]),
        ({"knows_all": True}, ["a callback of a type that is not known yet"]),
        ({"wants_order": True}, ["a callback that comes after a later one of its notification"]),
        (
            {"tolerates_old": True},
            ["a callback that is ten minutes old", "a callback from ten minutes ahead"],
        ),
        (
            {"first_signature_only": True},
            ["a callback that carries a second signature, as during a rotation"],
        ),
    ],
)
def test_each_fault_is_found_and_nothing_else(endpoint, fault, found):
    said, is_content = conform(endpoint, **fault)

    assert not is_content
    assert wrongs(said) == found


def test_a_receiver_that_verifies_nothing_is_told_so_in_plain_words(endpoint):
    said, is_content = conform(endpoint, verifies=False)

    assert not is_content
    assert len(wrongs(said)) == 6
    assert "Anybody could book in the hub's name" in said


@pytest.mark.parametrize("status", [409, 410, 500])
def test_a_refusal_that_means_something_else_is_wrong(endpoint, status):
    said, _ = conform(endpoint, refuses_with=status)

    assert len(wrongs(said)) == 6
    assert f"It was answered with {status}, which means something else" in said


def test_where_the_category_is_strict_the_id_must_be_repeated(endpoint):
    said, is_content = conform(endpoint, "--strict", forgets_id=True)

    assert not is_content
    assert "does not repeat the event's id" in said


def test_an_endpoint_that_is_slow_or_gone_is_one_finding(endpoint, settings):
    settings.CALLBACK_TOTAL_TIMEOUT = timedelta(seconds=1)
    endpoint.answers = [lambda handler: time.sleep(1.5)]
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 of 1 checks"):
        call_command("conform", "payroll", stdout=out)

    assert "No answer that counts: timeout." in out.getvalue()


def test_during_a_rotation_both_secrets_are_tried(endpoint, payroll, now):
    subsystems.add_callback_secret(subsystem_id=payroll.pk, actor=audit.HUB, now=now)
    said, is_content = conform(endpoint)  # it knows the older one only

    assert not is_content
    assert wrongs(said) == ["a callback signed with either of the two live secrets"]


def test_whoever_has_no_endpoint_or_does_not_exist_is_told(payroll):
    for key, sentence in (("payroll", "no callback address"), ("nobody", "no such sub-system")):
        with pytest.raises(CommandError, match=sentence):
            call_command("conform", key)
