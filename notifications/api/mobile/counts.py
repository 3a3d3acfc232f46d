"""GET /api/v1/me/counts."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from notifications import inbox


class CountsShape(bodies.Body):
    """Unread and waiting, each up to 100; `capped` where one of them reached it."""

    unread = serializers.IntegerField()
    waiting = serializers.IntegerField()
    capped = serializers.BooleanField()


class Counts(EmployeeView):
    """What a badge shows."""

    @extend_schema(
        operation_id="read_counts",
        tags=["Mobile API: inbox"],
        responses=answers({200: CountsShape}, refused=[401, 403, 429]),
        summary="How many are unread, how many wait for an answer",
    )
    def get(self, request: Request) -> Response:
        """The employee's own counts."""
        return Response(inbox.counts(employee_id=self.session.employee_id))
