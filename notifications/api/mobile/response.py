"""POST /api/v1/me/inbox/{id}/response."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import standing
from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import EmployeeView, answers
from accounts.directory import choose
from hub.lib import clock, jws
from notifications.api.policies import STEPS_AT_MOST
from notifications.api.shapes import ItemShape
from notifications.approvals import respond


class ResponseInput(bodies.Body):
    """The answer, and which version of the content it answers."""

    verb = bodies.Line(max_length=32)
    version = bodies.Whole(min_value=1, max_value=2_000_000_000)
    comment = bodies.Text(max_length=2000, required=False, default="", allow_blank=True)
    inputs = serializers.DictField(required=False, default=dict)
    step = bodies.Whole(
        min_value=1, max_value=STEPS_AT_MOST, required=False, allow_null=True, default=None,
        help_text="Of a sequence; needed only by whom it asks in several steps.",
    )  # fmt: skip
    on_behalf_of = bodies.Line(
        max_length=64, required=False, allow_null=True, default=None,
        help_text="The employee id of the person for whom one stands in; not for one's own seat.",
    )  # fmt: skip
    proof = bodies.Line(
        max_length=jws.LONGEST,
        required=False,
        default="",
        allow_blank=True,
        help_text="A signed statement, where the item has a challenge: docs/receipts.md.",
    )


class Respond(EmployeeView):
    """An approver's answer."""

    @extend_schema(
        operation_id="respond",
        tags=["Mobile API: inbox"],
        request=ResponseInput,
        responses=answers({200: ItemShape}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Approve, reject, or whatever else the item offers",
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """Record the answer; the item as it is afterwards, or why the answer is not taken."""
        body = bodies.validated(ResponseInput, request.data)
        answer, now = respond.Answer(**body, device_id=self.session.device_id), clock.now()
        standing.confirm(
            employee_id=self.session.employee_id,
            directory=choose.configured(),
            now=now,
            fail_closed=bool(answer.proof),
        )

        def act() -> Response:
            item = respond.respond(
                employee_id=self.session.employee_id,
                notification_id=notification_id,
                answer=answer,
                now=now,
            )
            return Response(item)

        return idempotency.once(request, principal=self.principal, now=now, act=act)
