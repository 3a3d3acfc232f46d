"""What staff do with modules, and what they see of what people hand in."""

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from selfserve import catalogue, forms, modules
from selfserve.definition import Definition
from selfserve.models import Module, Places, Submission
from tests.accounts.test_admin import act, change, member, root
from tests.selfserve.conftest import EVERYBODY, caller_of

__all__ = ["root"]
pytestmark = pytest.mark.django_db
SECRET = "Because of my knee"


@pytest.fixture
def proposed(hosts, payroll, now):
    wanted = Definition(
        names={"en": "Leave"}, audience=EVERYBODY, address="https://payroll.corp.example/"
    )
    return modules.put(
        caller=caller_of(payroll), key="leave", wanted=wanted, picture=None, now=now
    )[0]


def seen_by(person):
    return [one.name for one in catalogue.seen(employee_id=person.pk)]


def test_an_administrator_approves_what_is_proposed(root, proposed, alice):
    page = root.get(change(proposed)).content.decode()
    assert "https://payroll.corp.example/" in page
    assert root.post(act(proposed, "approve")).status_code == 302

    assert seen_by(alice) == ["Leave"]
    assert AuditEvent.objects.get(action="module_approved").actor_kind == "staff"
    assert act(proposed, "approve") not in root.get(change(proposed)).content.decode()


def test_an_administrator_declines_with_a_reason_and_removes(root, proposed, alice):
    assert root.post(act(proposed, "decline"), {"reason": ""}).status_code == 422
    assert root.post(act(proposed, "decline"), {"reason": "Too vague."}).status_code == 302
    assert Module.objects.get().declined_reason == "Too vague."

    assert root.post(act(proposed, "remove")).status_code == 302
    assert Module.objects.get().removed_at is not None


def test_who_may_only_look_approves_nothing(proposed, alice):
    client = member("view_module")

    assert client.get(change(proposed)).status_code == 200
    assert client.post(act(proposed, "approve")).status_code == 403
    assert seen_by(alice) == []


def test_staff_register_a_module_that_shows_at_once(root, payroll, hosts, alice):
    address = reverse("admin:selfserve_module_found", args=["register"])
    said = {
        "subsystem": payroll.pk, "key": "leave", "names": '{"en": "Leave"}', "descriptions": "{}",
        "audience": '{"any": [{"everybody": true}]}', "address": "https://evil.example/",
        "icon": "calendar", "code_in": "query", "opens": "browser", "claims": ["mail"],
    }  # fmt: skip
    assert root.get(address).status_code == 200
    refused = root.post(address, said)
    assert refused.status_code == 422
    assert "may not lead there" in refused.content.decode()
    assert root.post(address, {**said, "names": "[1]"}).status_code == 422

    assert (
        root.post(address, {**said, "address": "https://payroll.corp.example/"}).status_code == 302
    )

    assert seen_by(alice) == ["Leave"]
    assert Module.objects.get().shown["claims"] == ["employee_id", "mail"]


def test_staff_say_where_modules_may_lead(root, payroll):
    address = reverse("admin:selfserve_places_found", args=["allow"])
    said = {"subsystem": payroll.pk, "hosts": "a.corp.example, *.b.example", "networks": ""}
    assert root.post(address, {**said, "networks": "10.0.0.1/8"}).status_code == 422
    assert root.post(address, said).status_code == 302
    row = Places.objects.get()
    assert row.hosts == ["a.corp.example", "*.b.example"]

    assert root.post(act(row, "change"), {"hosts": "", "networks": "10.0.0.0/8"}).status_code == 302

    row.refresh_from_db()
    assert (row.hosts, row.networks) == ([], ["10.0.0.0/8"])
    assert AuditEvent.objects.filter(action="module_places_set").count() == 2


def test_staff_see_that_something_was_handed_in_and_never_what(root, offer, alice, now):
    asked = [{"name": "why", "label": "Why", "type": "text", "required": True}]
    offer("leave", form={"inputs": asked})
    made = forms.hand_in(
        employee_id=alice.pk, key="leave", version=1, given={"why": SECRET}, now=now
    )
    row = Submission.objects.get()
    listed = root.get(reverse("admin:selfserve_submission_changelist"), {"q": made.reference})
    event = reverse("admin:notifications_callbackevent_changelist")

    for page in (listed, root.get(change(row)), root.get(event)):
        assert page.status_code == 200
        assert made.reference in page.content.decode()
        assert SECRET not in page.content.decode()
    assert AuditEvent.objects.filter(action="personal_data_read").count() >= 2
