"""POST /api/v1/notifications/{id}/withdraw."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import bodies, idempotency
from accounts.api.schema import IDEMPOTENCY_KEY
from accounts.api.views import SubsystemView, answers
from hub.lib import clock
from notifications import withdrawal
from notifications.api.subsystem import ended


class WithdrawInput(bodies.Body):
    """Why it is taken back; those who received it read this."""

    reason = bodies.Line(max_length=500)


class Withdraw(SubsystemView):
    """Taking a notification back."""

    @extend_schema(
        operation_id="withdraw_notification",
        tags=["Sub-system API"],
        request=WithdrawInput,
        responses=answers({200: ended.Ended}, refused=[400, 401, 403, 404, 409, 422, 429]),
        parameters=[IDEMPOTENCY_KEY],
        summary="Take a notification back",
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """Effective at once, also while it is being sent; repeating it changes nothing.

        409 `already_closed` brings the notification's record, if it has ended by another road.
        """
        body, now = bodies.validated(WithdrawInput, request.data), clock.now()

        def act() -> Response:
            done = withdrawal.by_subsystem(
                caller=self.caller, notification_id=notification_id, reason=body["reason"], now=now
            )
            return Response(ended.told(done))

        return idempotency.once(request, principal=self.principal, now=now, act=act)
