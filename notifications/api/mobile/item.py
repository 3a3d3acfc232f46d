"""GET /api/v1/me/inbox/{id}."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.views import EmployeeView, answers
from notifications import inbox
from notifications.api.shapes import ItemShape


class Item(EmployeeView):
    """One copy in the inbox."""

    @extend_schema(
        operation_id="read_item",
        tags=["Mobile API: inbox"],
        responses=answers({200: ItemShape}, refused=[401, 403, 404, 429]),
        summary="One item, with the truth about it now",
    )
    def get(self, request: Request, notification_id: uuid.UUID) -> Response:
        """The employee's own copy, with the decision and what became of it."""
        return Response(
            inbox.item(employee_id=self.session.employee_id, notification_id=notification_id)
        )
