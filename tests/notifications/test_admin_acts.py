"""What staff may do to a notification from the admin."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, AuditEvent, Employee, Subsystem
from notifications import switches
from notifications.models import CallbackEvent, Notification
from tests.accounts.test_admin import act, change, member, root

__all__ = ["root"]


def test_a_notification_is_taken_back_by_staff_on_the_record(
    root: Client, make_request: Callable[..., Notification], alice: Employee
) -> None:
    request = make_request(alice)
    address = act(request, "withdraw")
    assert root.post(address, {"reason": ""}).status_code == 422
    assert root.post(address, {"reason": "Wrong people."}).status_code == 302
    request.refresh_from_db()

    assert (request.state, request.reason) == ("withdrawn", "Wrong people.")
    assert AuditEvent.objects.get(action="withdrawn").actor_kind == "staff"
    assert CallbackEvent.objects.get().type == "notification.withdrawn"
    assert address not in root.get(change(request)).content.decode()


def test_who_may_only_look_takes_nothing_back(
    make_request: Callable[..., Notification], alice: Employee
) -> None:
    request = make_request(alice)
    client = member("view_notification")

    assert client.post(act(request, "withdraw"), {"reason": "x"}).status_code == 403


def test_what_is_held_is_released_by_staff(
    root: Client, make_request: Callable[..., Notification], alice: Employee
) -> None:
    request = make_request(alice)
    assert act(request, "release") not in root.get(change(request)).content.decode()
    Notification.objects.update(state="held", held_over=0)
    assert act(request, "release") in root.get(change(request)).content.decode()
    assert root.post(act(request, "release")).status_code == 302
    request.refresh_from_db()

    assert (request.state, request.released_at is None) == ("open", False)
    assert AuditEvent.objects.get(action="notification_released").actor_kind == "staff"


def test_all_pushes_are_paused_and_resumed_by_staff_who_may_act(root: Client) -> None:
    address = {
        name: reverse("admin:notifications_errand_found", args=[f"{name}-pushes"])
        for name in ("pause", "resume")
    }
    assert member("view_errand").post(address["pause"]).status_code == 403
    assert switches.pushes_paused_at() is None
    assert root.post(address["pause"]).status_code == 302
    assert switches.pushes_paused_at() is not None
    assert root.post(address["resume"]).status_code == 302
    assert switches.pushes_paused_at() is None


def test_who_made_the_key_that_sent_it_is_no_second_person_and_somebody_else_is(
    root: Client,
    make_request: Callable[..., Notification],
    alice: Employee,
    payroll: Subsystem,
) -> None:
    # Made through the admin, where its text is shown once: root could have sent with it.
    issue = reverse("admin:accounts_subsystem_act", args=[payroll.pk, "issue-key"])
    assert root.post(issue, {"mode": "live", "name": "payroll"}).status_code == 200
    key = ApiKey.objects.get()
    request = make_request(alice)
    Notification.objects.update(state="held", held_over=0, sent_with=key.pk)

    refused = root.post(act(request, "release"))
    assert refused.status_code != 302
    assert "You made the key that sent it" in refused.content.decode()
    request.refresh_from_db()
    assert request.state == "held"
    assert not AuditEvent.objects.filter(action="notification_released").exists()

    other = member("view_notification", "change_notification")
    assert other.post(act(request, "release")).status_code == 302
    request.refresh_from_db()
    assert request.state == "open"
    released = AuditEvent.objects.get(action="notification_released")
    issued = AuditEvent.objects.get(action="key_issued")
    assert released.actor_id != issued.actor_id


def test_who_may_only_look_releases_nothing(
    make_request: Callable[..., Notification], alice: Employee
) -> None:
    request = make_request(alice)
    Notification.objects.update(state="held", held_over=0)
    assert member("view_notification").post(act(request, "release")).status_code == 403
