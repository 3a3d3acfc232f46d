"""What staff may do to a notification from the admin."""

from collections.abc import Callable

from django.test import Client

from accounts.models import AuditEvent, Employee
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
