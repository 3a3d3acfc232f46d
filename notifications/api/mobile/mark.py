"""POST /api/v1/me/inbox/mark and /api/v1/me/inbox/read-up-to."""

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


class ReadUpToInput(bodies.Body):
    """The uppermost item that the person has on screen, below what waits."""

    id = bodies.Id()


class ReadUpToOutput(bodies.Body):
    """How many were news; `more` says to send the same again."""

    marked = serializers.IntegerField()
    more = serializers.BooleanField()


class ReadUpTo(EmployeeView):
    """The employee has read everything up to an item."""

    @extend_schema(
        operation_id="mark_read_up_to",
        tags=["Mobile API: inbox"],
        request=ReadUpToInput,
        responses=answers({200: ReadUpToOutput}, refused=[400, 401, 403, 404, 422, 429]),
        summary="Mark an item, and all that came before it, as read",
    )
    def post(self, request: Request) -> Response:
        """What came after that item was not on the screen and stays unread."""
        body = bodies.validated(ReadUpToInput, request.data)
        marked, more = inbox.mark_up_to(
            employee_id=self.session.employee_id, notification_id=body["id"], now=clock.now()
        )
        return Response({"marked": marked, "more": more})
