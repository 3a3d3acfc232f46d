"""GET /me/devices: where the employee is signed in."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import devices
from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from accounts.models import Device
from notifications import feedback
from notifications.models import Delivery


class LastPush(bodies.Body):
    """What became of the last push to a device."""

    purpose = serializers.ChoiceField(choices=Delivery.Purpose.choices)
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    reason = serializers.CharField(help_text="Why it is not sent; empty if it is.")
    at = serializers.DateTimeField(help_text="Delivered, or sent, or first tried.")


class DeviceShape(bodies.Body):
    """One sign-in on one installation of the app."""

    id = serializers.UUIDField()
    platform = serializers.ChoiceField(choices=Device.Platform.choices)
    name = serializers.CharField()
    model = serializers.CharField()
    os_version = serializers.CharField()
    app_version = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    push = serializers.ChoiceField(
        choices=["registered", "pending", "lost", "never"],
        help_text="Whether pushes can reach it: since when and why not is told below."
        " `pending`: the code that was pushed to its address has not come back yet.",
    )
    push_registered_at = serializers.DateTimeField(allow_null=True)
    push_lost_at = serializers.DateTimeField(allow_null=True)
    push_lost_reason = serializers.CharField(
        help_text="`unregistered` or `bad_token`, as Firebase says; `moved` to another"
        " device; `not_echoed` in time. Empty unless lost."
    )
    push_project = serializers.CharField(
        help_text="Of Firebase, as the app named it; empty: the hub's default."
    )
    last_push = LastPush(allow_null=True, help_text="Of your newest notifications.")
    has_key = serializers.BooleanField(help_text="Whether it can sign answers.")
    current = serializers.BooleanField(help_text="Whether it is the one that asks.")


class Devices(EmployeeView):
    """Every open session; there are few, so there is one page."""

    class Output(bodies.Body):
        """The latest used first."""

        entries = DeviceShape(many=True)

    @extend_schema(
        operation_id="list_devices",
        tags=["Mobile API: employee"],
        summary="Where you are signed in",
        responses=answers({200: Output}, refused=[401, 403, 429]),
    )
    def get(self, request: Request) -> Response:
        """The phones and browsers on which you are signed in."""
        open_now = devices.listed(employee_id=self.session.employee_id).select_related("activation")
        last = feedback.last_by_device(employee_id=self.session.employee_id)
        current = self.session.device_id
        entries = [shape(device, last.get(device.pk), current=current) for device in open_now]
        return Response(self.Output({"entries": entries}).data)


def shape(
    device: Device, last_push: feedback.Pushed | None, *, current: uuid.UUID
) -> dict[str, Any]:
    """The members of `DeviceShape`."""
    return {
        **{name: getattr(device, name) for name in _SHOWN},
        "push": _push(device),
        "last_push": last_push,
        "has_key": device.key is not None,
        "current": device.pk == current,
    }


def _push(device: Device) -> str:
    if device.push_address_index:
        return "registered"
    asked = getattr(device, "activation", None)
    if asked is not None and asked.echoed_at is None:
        return "pending"
    return "lost" if device.push_lost_at else "never"


_SHOWN = (
    "id", "platform", "name", "model", "os_version", "app_version", "created_at", "last_seen_at",
    "push_registered_at", "push_lost_at", "push_lost_reason", "push_project",
)  # fmt: skip
