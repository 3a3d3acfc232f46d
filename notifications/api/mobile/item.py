"""GET /api/v1/me/inbox/{id}."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from notifications import inbox
from notifications.api.shapes import ItemShape
from notifications.assurance import challenge


class ChallengeShape(bodies.Body):
    """What the phone needs to sign an answer; see docs/receipts.md."""

    nonce = serializers.CharField()
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    content = serializers.CharField(help_text="The hash of what the item shows.")
    device = serializers.UUIDField(help_text="The session that this challenge is for.")
    type = serializers.CharField()
    algorithms = serializers.ListField(child=serializers.CharField())


class ItemWithChallenge(ItemShape):
    """One copy; with a challenge where one of its answers has to be signed."""

    challenge = ChallengeShape(allow_null=True)


class Item(EmployeeView):
    """One copy in the inbox."""

    @extend_schema(
        operation_id="read_item",
        tags=["Mobile API: inbox"],
        responses=answers({200: ItemWithChallenge}, refused=[401, 403, 404, 429]),
        summary="One item, with the truth about it now",
    )
    def get(self, request: Request, notification_id: uuid.UUID) -> Response:
        """The employee's own copy, with the decision and what became of it."""
        employee_id, now = self.session.employee_id, clock.now()
        item = inbox.item(employee_id=employee_id, notification_id=notification_id)
        asked = challenge.of(
            item, employee_id=employee_id, device_id=self.session.device_id, now=now
        )
        return Response({**item, "challenge": asked})
