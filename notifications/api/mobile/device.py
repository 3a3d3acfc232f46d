"""GET and DELETE /me/devices/{id}: one phone; sign it out from afar."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import devices
from accounts.api.views import EmployeeView, answers
from accounts.models import Device
from hub.lib import clock, errors
from notifications import feedback
from notifications.api.mobile.devices import DeviceShape, shape


class OneDeviceShape(DeviceShape):
    """A phone whose session goes on, or has ended."""

    closed_at = serializers.DateTimeField(allow_null=True)
    closed_reason = serializers.CharField(help_text="As in `session_revoked`; empty while open.")
    wipe_told_at = serializers.DateTimeField(
        allow_null=True, help_text="When the phone first asked after its end, and was told to wipe."
    )


class OneDevice(EmployeeView):
    """A session of the employee who speaks; anybody else's is a 404."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A lost phone is signed out by who has not accepted the notice in effect as well."""
        self.needs_acceptance = request.method != "DELETE"
        super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="read_device",
        tags=["Mobile API: employee"],
        summary="One phone, signed in or not any more",
        responses=answers({200: OneDeviceShape}, refused=[401, 403, 404, 429]),
    )
    def get(self, request: Request, device_id: uuid.UUID) -> Response:
        """What is known of a phone; after its end, whether it was told to wipe."""
        employee_id = self.session.employee_id
        device = (
            Device.objects.filter(pk=device_id, employee_id=employee_id)
            .select_related("activation")
            .first()
        )
        if device is None:
            raise errors.NotFound("There is no such device.")
        last = feedback.last_by_device(employee_id=employee_id).get(device_id)
        shown = shape(device, last, current=self.session.device_id)
        shown |= {name: getattr(device, name) for name in _OF_ITS_END}
        return Response(OneDeviceShape(shown).data)

    @extend_schema(
        operation_id="end_device",
        tags=["Mobile API: employee"],
        summary="Sign a phone out from afar",
        responses=answers({204: None}, refused=[401, 403, 404, 429]),
    )
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        """End the session: nothing is pushed there, and the app is told to wipe at its next call.

        For a lost phone do this from another one; reading the device tells when it was told.
        """
        devices.close(
            employee_id=self.session.employee_id,
            device_id=device_id,
            reason=Device.ClosedReason.REVOKED,
            actor=self.principal.actor,
            now=clock.now(),
        )
        return Response(status=204)


_OF_ITS_END = ("closed_at", "closed_reason", "wipe_told_at")
