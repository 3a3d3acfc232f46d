"""POST /api/v1/me/receipts."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from notifications import inbox, receipts

MOST = 200


class ReceiptsInput(bodies.Body):
    """Which pushes this phone has drawn, and which its owner has looked at."""

    ids = serializers.ListField(child=bodies.Id(), min_length=1, max_length=MOST)
    receipt = serializers.ChoiceField(choices=["delivered", "seen"])


class Marked(bodies.Body):
    """How many were news."""

    marked = serializers.IntegerField()


class Receipts(EmployeeView):
    """What the app saw happen."""

    @extend_schema(
        operation_id="send_receipts",
        tags=["Mobile API: inbox"],
        request=ReceiptsInput,
        responses=answers({200: Marked}, refused=[400, 401, 403, 422, 429]),
        summary="Report that pushes were drawn on this phone, or seen",
    )
    def post(self, request: Request) -> Response:
        """`delivered` is of this device, `seen` of the person; sending it again changes nothing."""
        body, now = bodies.validated(ReceiptsInput, request.data), clock.now()
        if body["receipt"] == "delivered":
            marked = receipts.delivered(
                employee_id=self.session.employee_id,
                device_id=self.session.device_id,
                notification_ids=body["ids"],
                now=now,
            )
        else:
            marked = inbox.mark(
                employee_id=self.session.employee_id,
                notification_ids=body["ids"],
                mark="seen",
                now=now,
            )
        return Response({"marked": marked})
