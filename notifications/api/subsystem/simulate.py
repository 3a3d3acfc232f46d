"""POST /api/v1/test/respond."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications import reports, simulation
from notifications.api.subsystem.notification import FullReport


class SimulateInput(bodies.Body):
    """Who answers what, and how. `version` may be left out: the present one."""

    notification_id = bodies.Id()
    employee_id = bodies.Line(max_length=64)
    verb = bodies.Line(max_length=32)
    version = bodies.Whole(
        min_value=1, max_value=2_000_000_000, required=False, allow_null=True, default=None
    )
    comment = bodies.Text(max_length=2000, required=False, default="", allow_blank=True)
    inputs = serializers.DictField(required=False, default=dict)


class Simulate(SubsystemView):
    """A simulated employee."""

    @extend_schema(
        operation_id="simulate_response",
        tags=["Sub-system API"],
        request=SimulateInput,
        responses=answers({200: FullReport}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="With a test key: let an employee of the audience answer",
    )
    def post(self, request: Request) -> Response:
        """The report afterwards; refused as a person's answer would be."""
        body, now = bodies.validated(SimulateInput, request.data), clock.now()
        notification_id = body.pop("notification_id")

        def act() -> Response:
            simulation.answer(
                caller=self.caller,
                notification_id=notification_id,
                said=simulation.Said(**body),
                now=now,
            )
            return Response(reports.one(caller=self.caller, notification_id=notification_id))

        return idempotency.once(request, principal=self.principal, now=now, act=act)
