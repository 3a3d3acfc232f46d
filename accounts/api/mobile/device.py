"""DELETE /me/devices/{id}: sign a phone out from afar."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import devices
from accounts.api.views import EmployeeView, answers
from accounts.models import Device
from hub.lib import clock


class OneDevice(EmployeeView):
    """A session of the employee who speaks; anybody else's is a 404."""

    @extend_schema(
        operation_id="end_device",
        tags=["Mobile API: employee"],
        summary="Sign a phone out from afar",
        responses=answers({204: None}, refused=[401, 403, 404, 429]),
    )
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        """End the session; the app there is told to wipe at its next call."""
        devices.close(
            employee_id=self.session.employee_id,
            device_id=device_id,
            reason=Device.ClosedReason.REVOKED,
            actor=self.principal.actor,
            now=clock.now(),
        )
        return Response(status=204)
