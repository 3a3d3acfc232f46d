"""POST /me/opt-out: everything ends on the server."""

import pytest
import time_machine

from accounts import audit, people, refusals
from accounts.directory.port import Person
from accounts.models import AuditEvent, Device, KeptOut
from hub.lib import clock
from notifications import preferences
from notifications.escalation import leavers
from notifications.models import Category, Delivery, Mail, OptOut, Preference, Seat
from tests.hub.api import codes

pytestmark = pytest.mark.django_db

PATH = "/api/v1/me/opt-out"


def leave(world, body=None):
    return world.call("owner", "POST", PATH, body or {"confirm": True})


def test_sessions_pushes_and_e_mails_end_and_seats_pass_on(world, now):
    device = Device.objects.get(pk=world.device_id)
    Delivery.objects.create(
        notification=world.request, employee=world.alice, device=device, purpose="show",
        version=1, state="queued", reason="quiet_hours", first_tried_at=now,
    )  # fmt: skip
    Mail.objects.create(
        notification=world.request, employee=world.alice, version=1, purpose="show",
        state="queued", created_at=now,
    )  # fmt: skip
    category = Category.objects.first()
    preferences.opt_out(employee_id=world.alice.pk, category_id=category.pk, now=now)

    assert leave(world).status_code == 204

    assert codes.problem(world.call("owner", "GET", "/api/v1/me/inbox"))["status"] in {401, 403}
    assert not Device.objects.filter(employee=world.alice, closed_at=None).exists()
    assert not Device.objects.filter(
        employee=world.alice, push_address_index__isnull=False
    ).exists()
    assert Delivery.objects.get(employee=world.alice).state == "cancelled"
    assert Mail.objects.get().state == "cancelled"
    assert not Preference.objects.exists()
    assert not OptOut.objects.exists()
    assert AuditEvent.objects.filter(action="opted_out_of_the_hub").count() == 1
    leavers.sweep(clock.now())
    seat = Seat.objects.get(notification=world.request)
    assert seat.holder != world.alice


def test_neither_a_sign_in_nor_the_directory_brings_them_back(world, now):
    leave(world)

    assert KeptOut.objects.get().reason == "opted_out"
    alice = world.alice
    alice.refresh_from_db()
    person = Person(
        object_guid=alice.object_guid, employee_id=alice.employee_id, user_name=alice.user_name,
        mail=alice.mail, display_name=alice.display_name, department="", geo="", title="",
        manager_guid=None, enabled=True,
    )  # fmt: skip
    with time_machine.travel(clock.now()), pytest.raises(refusals.NotAnEmployee):
        people.upsert(person=person, now=clock.now())
    assert not people.set_disabled(
        employee_id=alice.pk, reason="x", actor=audit.HUB, now=clock.now()
    )


@pytest.mark.parametrize(
    ("body", "code"), [({}, "required"), ({"confirm": False}, "not_true"), ({"confirm": "yes"}, "invalid")]
)  # fmt: skip
def test_it_is_not_done_by_accident(world, body, code):
    answered = world.call("owner", "POST", PATH, body)

    problem = codes.problem(answered)
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/confirm", code)]
    assert not KeptOut.objects.exists()
