"""POST /auth/logout-everywhere: every session of the employee ends."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import sessions
from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from hub.lib import clock


class LogoutEverywhere(EmployeeView):
    """No body."""

    needs_acceptance = False

    class Output(bodies.Body):
        """What was done."""

        ended = serializers.IntegerField(help_text="Sessions that were open, this one included.")

    @extend_schema(
        operation_id="logout_everywhere",
        tags=["Mobile API: session"],
        summary="End every session",
        request=None,
        responses=answers({200: Output}, refused=[401, 403, 429]),
    )
    def post(self, request: Request) -> Response:
        """End every session of yours, this one included."""
        ended = sessions.logout_everywhere(session=self.session, now=clock.now())
        return Response(self.Output({"ended": ended}).data)
