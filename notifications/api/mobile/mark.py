"""POST /api/v1/me/inbox/mark."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from notifications import inbox
from notifications.api.mobile.receipts import MOST, Marked


class MarkInput(bodies.Body):
    """Which items, and how to mark them."""

    ids = serializers.ListField(child=bodies.Id(), min_length=1, max_length=MOST)
    mark = serializers.ChoiceField(choices=["read", "archived", "unarchived"])


class Mark(EmployeeView):
    """What the employee did with items."""

    @extend_schema(
        operation_id="mark_items",
        tags=["Mobile API: inbox"],
        request=MarkInput,
        responses=answers({200: Marked}, refused=[400, 401, 403, 422, 429]),
        summary="Mark items as read, archive them, or take them back from the archive",
    )
    def post(self, request: Request) -> Response:
        """Marks one's own copies only; a request that waits for one's answer is not archived."""
        body = bodies.validated(MarkInput, request.data)
        marked = inbox.mark(
            employee_id=self.session.employee_id,
            notification_ids=body["ids"],
            mark=body["mark"],
            now=clock.now(),
        )
        return Response({"marked": marked})
