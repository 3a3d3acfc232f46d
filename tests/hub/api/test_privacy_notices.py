"""The privacy notice over HTTP: readable by anybody, and a gate until it is accepted."""

import pytest

from accounts.models import Device, Employee, PrivacyNotice
from tests.hub.api import codes
from tests.hub.api.matrix import MATRIX, address
from tests.hub.api.world import NOTICE_VERSION

pytestmark = pytest.mark.django_db

# What lets people read, accept, ask, complain and leave; a longer list is a decision.
PAST_THE_GATE = {
    "POST /api/v1/me/opt-out",
    "POST /api/v1/me/device/push-echo",  # tells nothing, and its code comes only once
    "POST /api/v1/auth/logout",
    "POST /api/v1/auth/logout-everywhere",
    "DELETE /api/v1/me/devices/{device_id}",  # a lost phone does not wait
    "GET /api/v1/me/consents",
    "POST /api/v1/me/consents",
    "DELETE /api/v1/me/consents/{purpose}",
    "GET /api/v1/me/privacy-requests",
    "POST /api/v1/me/privacy-requests",
    "GET /api/v1/me/privacy-requests/{request_id}/archive",
}
EMPLOYEES = [key for key, row in MATRIX.items() if row.door == "employee"]


@pytest.fixture
def due(world):
    """The notice has to be accepted."""
    PrivacyNotice.objects.update(material=True)
    return world


@pytest.mark.parametrize("key", EMPLOYEES)
def test_who_has_not_accepted_the_notice_in_effect_comes_to_the_open_doors_only(due, key):
    method, path = key.split(" ")
    answer = due.call("owner", method, address(path, due), MATRIX[key].body(due))

    if key in PAST_THE_GATE:
        assert answer.status_code < 400, answer.content
        return
    problem = codes.problem(answer)
    assert (problem["code"], problem["version"]) == ("consent_required", NOTICE_VERSION)
    assert due.call("nobody", "GET", problem["address"]).json()["in_effect"] is True


def test_who_has_not_accepted_it_signs_out_a_lost_phone_and_nobody_elses(due):
    path = f"/api/v1/me/devices/{due.other_device_id}"
    assert codes.problem(due.call("other_employee", "DELETE", path))["code"] == "not_found"
    assert Device.objects.get(pk=due.other_device_id).closed_at is None

    assert due.call("owner", "DELETE", path).status_code == 204

    assert Device.objects.get(pk=due.other_device_id).closed_reason == "revoked"
    assert codes.problem(due.call("owner", "GET", path))["code"] == "consent_required"


def test_once_it_is_accepted_everything_goes_on(due):
    said = due.call("owner", "GET", "/api/v1/me/consents").json()
    assert said["to_accept"] == NOTICE_VERSION

    accepted = due.call("owner", "POST", "/api/v1/me/consents", {"notice": NOTICE_VERSION}).json()

    assert accepted["to_accept"] is None
    assert accepted["accepted"][0]["version"] == NOTICE_VERSION
    assert accepted["accepted"][0]["device_id"] == str(due.device_id)
    assert due.call("owner", "GET", "/api/v1/me/inbox").status_code == 200
    assert codes.problem(due.call("reader", "GET", "/api/v1/me/inbox"))["status"] == 403
    assert Employee.objects.exclude(accepted_notice=0).count() == 1


@pytest.mark.parametrize(
    "body", [{}, {"notice": NOTICE_VERSION, "purpose": "photos"}, {"purpose": 5}, [], "photos"]
)
def test_one_thing_is_said_at_a_time(world, body):
    problem = codes.problem(world.call("owner", "POST", "/api/v1/me/consents", body))

    assert problem["code"] == "invalid"


def test_anybody_reads_every_version_and_whom_to_ask(world, settings):
    settings.SUPPORT_CONTACT = "desk@corp.example"
    [entry] = world.call("nobody", "GET", "/api/v1/privacy-notices").json()["entries"]
    notice = world.call("nobody", "GET", entry["address"]).json()
    contacts = world.call("nobody", "GET", "/api/v1/contacts").json()

    assert notice["texts"] == [
        {"language": "en", "title": "Privacy notice", "text": "What we know of you."}
    ]
    assert contacts["support"] == "desk@corp.example"
    absent = world.call("nobody", "GET", "/api/v1/privacy-notices/2099-1")
    assert codes.problem(absent)["code"] == "not_found"
