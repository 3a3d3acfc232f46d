"""GET /api/v1/notifications/{id}/recipients."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import SubsystemView, answers
from notifications import recipients
from notifications.api.shapes import PageInfo, PageQuery
from notifications.models import Delivery


class RecipientsQuery(PageQuery):
    """Whom to list: those who did, or did not do, all that is asked for."""

    acknowledged = serializers.BooleanField(required=False)
    read = serializers.BooleanField(required=False)
    responded = serializers.BooleanField(required=False)


class PushedShape(bodies.Body):
    """How far the pushes to a person came, on the device where they came furthest."""

    state = serializers.ChoiceField(choices=Delivery.State.choices)
    reason = serializers.CharField(allow_blank=True)


class AnsweredShape(bodies.Body):
    """What an approver answered to the present version."""

    verb = serializers.CharField()
    responded_at = serializers.DateTimeField()


class ToldShape(bodies.Body):
    """One person who received the notification; `delivery` is null where no device was known."""

    employee_id = serializers.CharField()
    arrived_at = serializers.DateTimeField()
    delivery = PushedShape(allow_null=True)
    seen_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    response = AnsweredShape(allow_null=True)


class PageOfRecipients(bodies.Body):
    """A page of people, in no order that means anything."""

    entries = ToldShape(many=True)
    page_info = PageInfo()


class Recipients(SubsystemView):
    """Who received a notification of the sub-system."""

    @extend_schema(
        operation_id="list_recipients",
        tags=["Sub-system API"],
        parameters=[RecipientsQuery],
        responses=answers({200: PageOfRecipients}, refused=[401, 403, 404, 422, 429]),
        summary="Who received it, who read, confirmed or answered it, and who has not",
    )
    def get(self, request: Request, notification_id: uuid.UUID) -> Response:
        """A page of the people; what was confirmed or answered counts for the present version."""
        query = bodies.query(RecipientsQuery, request.query_params)
        page = recipients.page(caller=self.caller, notification_id=notification_id, **query)
        return Response(
            {
                "entries": page.entries,
                "page_info": {
                    "after": page.after,
                    "before": None,
                    "page_size": query["page_size"],
                },
            }
        )
