"""GET /api/v1/notifications/{id}."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import SubsystemView, answers
from notifications import reports
from notifications.api.escalations import PromptShape
from notifications.api.shapes import ReportShape


class Counts(bodies.Body):
    """How far it has come, in people and in phones."""

    recipients = serializers.IntegerField()
    seen = serializers.IntegerField()
    read = serializers.IntegerField()
    acknowledged = serializers.IntegerField()
    responded = serializers.IntegerField()
    pushes_sent = serializers.IntegerField()
    pushes_failed = serializers.IntegerField()


class FullReport(ReportShape):
    """A notification with its counts, and what was done while people did not answer."""

    counts = Counts()
    answers = serializers.DictField(
        child=serializers.IntegerField(), allow_null=True,
        help_text="Of a survey: how often each verb was answered to the present version.",
    )  # fmt: skip
    prompts = PromptShape(many=True)


class ReadNotification(SubsystemView):
    """One notification of the sub-system."""

    @extend_schema(
        operation_id="read_notification",
        tags=["Sub-system API"],
        responses=answers({200: FullReport}, refused=[401, 403, 404, 429]),
        summary="State, counts and decision of one notification",
    )
    def get(self, request: Request, notification_id: uuid.UUID) -> Response:
        """The truth about one notification."""
        return Response(reports.one(caller=self.caller, notification_id=notification_id))
