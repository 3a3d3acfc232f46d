"""POST /api/v1/me/opt-out."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies
from accounts.api.views import EmployeeView, answers
from hub.lib import clock
from notifications import opting_out


class OptOutInput(bodies.Body):
    """Said on purpose: nothing of it can be taken back by the app."""

    confirm = bodies.Flag()

    def validate_confirm(self, value: bool) -> bool:  # noqa: FBT001
        """It is true, or the person was not asked."""
        if not value:
            flaw = serializers.ErrorDetail("Ask the person, and say true.", "not_true")
            raise serializers.ValidationError(flaw)
        return value


class OptOut(EmployeeView):
    """The employee's last word."""

    needs_acceptance = False  # nobody has to accept a notice in order to leave

    @extend_schema(
        operation_id="opt_out",
        tags=["Mobile API: employee"],
        summary="Leave the hub, on all phones and for good",
        request=OptOutInput,
        responses=answers({204: None}, refused=[400, 401, 403, 422, 429]),
    )
    def post(self, request: Request) -> Response:
        """Every session ends, this one included; nothing is pushed or mailed any more."""
        bodies.validated(OptOutInput, request.data)
        opting_out.opt_out(employee_id=self.session.employee_id, now=clock.now())
        return Response(status=204)
